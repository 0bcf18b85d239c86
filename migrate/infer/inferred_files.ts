/**
 * The files of inferred models: constants of types, models, relations, declarations.
 *
 * Models are used by relations when a file is loaded, and types by models, so that with several files each of them only
 * loads those before it: types, then the schemas', whose foreign keys call each other later, then relations.
 *
 * @module
 */
import type {
  CompositeObject,
  DomainObject,
  EnumObject,
  ObjectKey,
  PolicyObject,
  RangeObject,
} from "../catalog/objects.ts";
import { declarationsOf, hasDomainForm, isCreated } from "./declared.ts";
import { type ForeignKeyPlan, planForeignKeys } from "./foreign_keys.ts";
import { Imports } from "./imports.ts";
import type { InferredFile, LibraryModules } from "./infer.ts";
import { array, call, type Entry, object, type Piece, text, write } from "./layout.ts";
import { declaredTypeSource, modelSource } from "./model_source.ts";
import { Names } from "./names.ts";
import { homeKey, type ModelPlan, type Plan, tableKey, tableOfPart } from "./plan.ts";
import { relationEntries } from "./relation_source.ts";
import { sqlTemplate } from "./sql_text.ts";
import { type PlannedTriggers, planTriggers } from "./trigger_source.ts";
import { type DeclaredSource, type TypeContext, typeSource } from "./type_source.ts";
import { camelCase, wordsOf } from "./words.ts";

/** A type that can have a constant. */
type ConstantType = EnumObject | DomainObject | CompositeObject;

/** How files are written. */
interface FileOptions {
  readonly files: "one" | "schema";
  readonly header: string;
  readonly width: number;
  readonly modules: LibraryModules;
}

/** One file while it is written. */
interface Draft {
  readonly path: string;
  readonly imports: Imports;
  readonly parts: string[];
}

/** The files of a plan. */
export class InferredFiles {
  /** The files; the first is the one that exports everything. */
  readonly files: readonly InferredFile[];
  /** What a person is to know. */
  readonly notes: readonly string[];
  readonly #plan: Plan;
  readonly #options: FileOptions;
  readonly #drafts = new Map<string, Draft>();
  readonly #constants = new Map<string, DeclaredSource & { readonly key: ObjectKey }>();
  readonly #types = new Map<ObjectKey, ConstantType>();
  readonly #ranges = new Map<string, { readonly range: RangeObject; readonly isMulti: boolean }>();
  readonly #used = new Set<ObjectKey>();
  readonly #notes: string[] = [];
  readonly #names: Names = new Names();
  readonly #triggers: PlannedTriggers;
  readonly #policies: ReadonlyMap<string, readonly PolicyObject[]>;

  /** Writes the files. */
  constructor(plan: Plan, options: FileOptions) {
    this.#plan = plan;
    this.#options = options;
    for (const { name } of plan.models.values()) this.#names.take([name]);
    this.#triggers = planTriggers(plan, isCreated);
    const policies = plan.objects.flatMap(([, object]) => object.kind === "policy" ? [object] : []);
    this.#policies = Map.groupBy(policies, (policy) => tableKey(tableOfPart(policy)));
    this.#nameTypes();
    const foreignKeys = this.#planForeignKeys();
    const types = this.#draft("types.ts");
    for (const model of plan.models.values()) this.#writeModel(model, foreignKeys.get(model.key) ?? []);
    this.#writeTypes(types);
    this.#writeRelations(foreignKeys);
    this.#writeDeclarations(foreignKeys);
    this.files = this.#finish();
    this.notes = [...new Set(this.#notes)];
  }

  #draft(path: string): Draft {
    const own = this.#options.files === "one" ? "models.ts" : path;
    const known = this.#drafts.get(own);
    if (known !== undefined) return known;
    const draft = { path: own, imports: new Imports(this.#options.modules.core), parts: [] };
    this.#drafts.set(own, draft);
    return draft;
  }

  #nameTypes(): void {
    for (const [key, object] of this.#plan.objects) {
      const schema = object.schema ?? "public";
      if (object.kind === "range") {
        this.#ranges.set(JSON.stringify([schema, object.name]), { range: object, isMulti: false });
        const multi = object.multirange?.replace(/^.*\./, "").replace(/^"|"$/g, "");
        if (multi !== undefined) {
          this.#ranges.set(JSON.stringify([schema, multi]), { range: object, isMulti: true });
        }
        continue;
      }
      const isConstant = (object.kind === "enum" && object.labels.length > 0) ||
        (object.kind === "domain" && hasDomainForm(object)) ||
        (object.kind === "composite" && object.attributes.length > 0);
      if (!isConstant) continue;
      const constant = this.#names.take([
        camelCase([...wordsOf(object.name), "type"]),
        camelCase([...wordsOf(schema), ...wordsOf(object.name), "type"]),
      ]);
      this.#types.set(key, object);
      this.#constants.set(JSON.stringify([schema, object.name]), {
        key,
        constant,
        kind: object.kind,
        ...(object.kind === "enum" ? { labels: object.labels } : {}),
      });
    }
  }

  #typeContext(draft: Draft, use: (declared: DeclaredSource) => void): TypeContext {
    return {
      catalog: this.#plan.catalog,
      declared: this.#constants,
      ranges: this.#ranges,
      imports: draft.imports,
      use,
    };
  }

  #planForeignKeys(): ReadonlyMap<string, readonly ForeignKeyPlan[]> {
    const nowhere = this.#typeContext({
      path: "",
      imports: new Imports(this.#options.modules.core),
      parts: [],
    }, () => {});
    return planForeignKeys(this.#plan, (model, name) => {
      const column = model.object.columns.find((one) => one.name === name);
      return column === undefined ? undefined : typeSource(column.type, nowhere).value;
    });
  }

  #keyOf({ constant }: DeclaredSource): ObjectKey {
    return [...this.#constants.values()].find((one) => one.constant === constant)!.key;
  }

  #export(draft: Draft, name: string, piece: Piece): void {
    const start = `export const ${name} = `;
    const { width } = this.#options;
    draft.parts.push(`${start}${write(piece, { indent: 0, column: start.length, width })};\n`);
  }

  #writeModel(model: ModelPlan, foreignKeys: readonly ForeignKeyPlan[]): void {
    const draft = this.#draft(schemaPath(model));
    const types = this.#typeContext(draft, (declared) => {
      this.#used.add(this.#keyOf(declared));
      if (draft.path !== "models.ts") draft.imports.use("./types.ts", declared.constant);
    });
    for (const { target, form } of foreignKeys) {
      if (form === "declared" || target === undefined) continue;
      const path = this.#draft(schemaPath(target)).path;
      if (path !== draft.path) draft.imports.use(`./${path}`, target.name);
    }
    const note = (words: string): void => void this.#notes.push(words);
    this.#export(
      draft,
      model.name,
      modelSource(model, {
        plan: this.#plan,
        types,
        foreignKeys,
        policies: this.#policies.get(tableKey(model.object)) ?? [],
        triggers: this.#triggers,
        note,
      }),
    );
  }

  #writeTypes(draft: Draft): void {
    const written = new Set<ObjectKey>();
    const before = draft.parts.splice(0);
    const emit = (key: ObjectKey): void => {
      if (written.has(key)) return;
      written.add(key);
      this.#used.add(key);
      const type = this.#types.get(key)!;
      const needed: ObjectKey[] = [];
      const context = this.#typeContext(draft, (declared) => needed.push(this.#keyOf(declared)));
      const piece = declaredTypeSource(type, context);
      for (const other of needed) emit(other);
      const { constant } = this.#constants.get(JSON.stringify([type.schema ?? "public", type.name]))!;
      this.#export(draft, constant, piece);
    };
    [...this.#used].sort().forEach(emit);
    draft.parts.push(...before);
  }

  #writeRelations(foreignKeys: ReadonlyMap<string, readonly ForeignKeyPlan[]>): void {
    const draft = this.#draft("relations.ts");
    const entries = relationEntries(this.#plan, foreignKeys, draft.imports);
    const start = draft.parts.length;
    for (const model of this.#plan.models.values()) {
      const own: readonly Entry[] | undefined = entries.get(model.key);
      if (own === undefined) continue;
      const constant = this.#names.take([
        camelCase(wordsOf(model.name)),
        camelCase([...wordsOf(model.name), "relations"]),
      ]);
      this.#export(draft, constant, call("relations", [text(model.name), object(own, { open: true })]));
    }
    if (draft.path === "models.ts") return;
    const names = new Set(draft.parts.slice(start).join("").match(/[\p{ID_Start}_$][\p{ID_Continue}$]*/gu));
    for (const model of this.#plan.models.values()) {
      if (names.has(model.name)) draft.imports.use(`./${this.#draft(schemaPath(model)).path}`, model.name);
    }
  }

  #writeDeclarations(foreignKeys: ReadonlyMap<string, readonly ForeignKeyPlan[]>): void {
    const schemas = new Set<string>();
    for (const [, one] of this.#plan.objects) {
      if (this.#plan.models.has(homeKey(one) ?? "") && one.schema !== undefined) schemas.add(one.schema);
    }
    for (const key of this.#used) schemas.add(this.#types.get(key)!.schema ?? "public");
    const remarks = [...this.#plan.notes];
    const declared = declarationsOf(
      this.#plan,
      { types: this.#used, schemas, foreignKeys, triggers: this.#triggers },
      (words) => remarks.push(words),
    );
    this.#notes.push(...remarks);
    if (declared.length === 0 && remarks.length === 0) return;
    const draft = this.#draft("declarations.ts");
    draft.parts.push(...remarks.map((remark) => `// ${oneLine(remark)}\n`));
    if (declared.length === 0) return;
    draft.imports.core("sql");
    draft.imports.use(this.#options.modules.migrate, "declare");
    const statements = declared.flatMap(({ statements }) => statements.map(sqlTemplate));
    this.#export(draft, "declarations", call("declare", [array(statements, { open: true, hugs: true })]));
  }

  #finish(): readonly InferredFile[] {
    const { header, width } = this.#options;
    const drafts = [...this.#drafts.values()].filter(({ parts }) => parts.length > 0);
    const head = header === ""
      ? ""
      : `${header.split("\n").map((line) => `// ${line}`.trimEnd()).join("\n")}\n`;
    const files = drafts.map(({ path, imports, parts }) => {
      const blocks = [imports.write(width), ...joinedComments(parts)].filter((block) => block !== "");
      return { path, source: head + blocks.join("\n") };
    });
    if (this.#options.files === "one") {
      return files.length > 0 ? files : [{ path: "models.ts", source: head }];
    }
    const paths = files.map(({ path }) => path).sort();
    const source = `${head}${paths.map((path) => `export * from "./${path}";\n`).join("")}`;
    return [{ path: "mod.ts", source }, ...files];
  }
}

/** Comments stand together, and in front of what follows them. */
function joinedComments(parts: readonly string[]): readonly string[] {
  const blocks: string[] = [];
  for (const [at, part] of parts.entries()) {
    if (at > 0 && parts[at - 1].startsWith("//")) blocks[blocks.length - 1] += part;
    else blocks.push(part);
  }
  return blocks;
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, " ");
}

/** The file of a schema's models; names that are others' files get an underscore. */
function schemaPath({ object }: ModelPlan): string {
  const name = wordsOf(object.schema ?? "public").join("_") || "schema";
  return /^(types|relations|declarations|mod|models)$/.test(name) ? `${name}_.ts` : `${name}.ts`;
}
