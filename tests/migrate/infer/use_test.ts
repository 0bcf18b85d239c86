import assert from "node:assert/strict";
import { has } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { SERVERS, withSchema } from "./inferred.ts";
import {
  Author,
  author,
  Book,
  book,
  BookTag,
  Category,
  category,
  CheapBook,
  Fine,
  fine,
  Follow,
  Loan,
  loan,
  Member,
  member,
  Tag,
  tag,
} from "./goldens/library.ts";
import { librarySchema } from "./schemas/library.ts";

test("inferModels() makes models and relations that are used", SERVERS[0].need, async () => {
  await withSchema(SERVERS[0], librarySchema(18), async (pool) => {
    const ada = await Author.insert({
      name: { given: "Ada", family: "Lovelace", lived: { street: "St James", town: null, location: null } },
      penName: "AAL",
    }, pool);
    const bo = await Author.insert({
      name: { given: "Bo", family: null, lived: null },
      rivalId: ada.id,
      mentorId: ada.id,
    }, pool);
    const science = await Category.insert({ label: "Science" }, pool);
    const engines = await Category.insert({ parentId: science.categoryId, label: "Engines" }, pool);
    const notes = await Book.insert({
      title: "Notes",
      authorId: ada.id,
      translatorId: bo.id,
      categoryId: engines.categoryId,
      price: "1.50",
      format: "audio",
      isbn: "978-0",
    }, pool);
    assert.equal(notes.receipt, 1_000);
    assert.equal(notes.status, "new");
    assert.equal(notes.words, 5_000_000_000n);
    await Tag.insertMany([{ id: 1, name: "old" }, { id: 2, name: "rare" }], pool);
    await BookTag.insertMany([{ bookId: notes.id, tagId: 1 }, { bookId: notes.id, tagId: 2 }], pool);

    const [found] = await Book.find().with(book.author, book.translator, book.category, book.tags).all(pool);
    assert.equal(found.author.name.given, "Ada");
    assert.equal(found.translator?.id, bo.id);
    assert.equal(found.category?.label, "Engines");
    assert.deepEqual(found.tags.map(({ name }) => name).sort(), ["old", "rare"]);

    const authors = await Author.find().orderBy(Author.id)
      .with(author.books, author.booksByTranslator, author.rival, author.childrenByMentor).all(pool);
    assert.deepEqual(authors.map((row) => row.books.length), [1, 0]);
    assert.deepEqual(authors.map((row) => row.booksByTranslator.length), [0, 1]);
    assert.deepEqual(authors.map((row) => row.rival?.id), [undefined, ada.id]);
    assert.deepEqual(authors.map((row) => row.childrenByMentor.length), [1, 0]);

    const [top] = await Category.find().where(Category.parentId.isNull()).with(category.children).all(pool);
    assert.deepEqual(top.children.map(({ label }) => label), ["Engines"]);
    assert.equal(await Tag.find().where(has(tag.books, Book.title.eq("Notes"))).count(pool), 2);
    assert.deepEqual((await CheapBook.find().all(pool)).map(({ price }) => price), ["1.50"]);

    const sponsor = await Member.insert({ email: "a@example.org" }, pool);
    const guest = await Member.insert({ email: "b@example.org", sponsor: sponsor.id }, pool);
    await Follow.insert({ followerId: guest.id, followeeId: sponsor.id }, pool);
    const [first, second] = await Member.find().orderBy(Member.id)
      .with(member.child, member.parent, member.followers, member.followees).all(pool);
    assert.deepEqual([first.child?.id, second.parent?.id], [guest.id, sponsor.id]);
    assert.deepEqual([first.followers[0].id, second.followees[0].id], [guest.id, sponsor.id]);

    await Loan.insert({ branch: 1, number: 7, bookId: notes.id, memberId: guest.id }, pool);
    await Fine.insert({ id: 1, loanBranch: 1, loanNumber: 7 }, pool);
    const [paid] = await Fine.find().with(fine.loan).all(pool);
    assert.equal(paid.loan.memberId, guest.id);
    assert.deepEqual((await Loan.find().with(loan.fines, loan.book).all(pool))[0].fines.map(({ id }) => id), [
      1,
    ]);
    assert.equal(await Loan.findById({ branch: 1, number: 8 }, pool), undefined);
    assert.equal(await pool.value(sql`select count(*)::int from loans`), 1);
  });
});
