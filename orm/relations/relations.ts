/**
 * A model's relations, declared after the models, so that these may refer to each other.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ColumnDefinitions } from "../definition/row_types.ts";
import { tableOf } from "../definition/table.ts";
import { DefinitionObject } from "./definitions.ts";
import { Link, RelationValue } from "./relation_value.ts";
import type { RelatedModel, RelationDefinitions, RelationSet } from "./relation_types.ts";

/** How a model's relations may be used. */
export interface RelationsOptions {
  /** Whether they must be loaded with the rows they belong to, and never by themselves. Default false. */
  readonly strict?: boolean;
}

/**
 * Declares a model's relations. Nothing is sent.
 *
 * @param of The model.
 * @param definitions Relations by the name of the property they become in rows.
 * @param options See {@link RelationsOptions}.
 * @returns The relations by name: values that can be narrowed and given to `with()`.
 * @throws {ValidationError} When a name is that of a column, or something is no relation.
 *
 * @example
 * ```ts
 * import { belongsTo, column, hasMany, model, relations } from "@lifeguard/core";
 * const Artist = model("artists", { id: column.identity().primaryKey(), name: column.text() });
 * const Album = model("albums", {
 *   id: column.identity().primaryKey(),
 *   artistId: column.integer().references(() => Artist.id),
 * });
 * const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });
 * const album = relations(Album, { artist: belongsTo(Artist, Album.artistId) });
 * const query = Artist.find().with(artist.albums.with(album.artist)); // rows have albums, and these their artist
 * console.assert(query.toSQL().text === 'select "artists"."id", "artists"."name" from "artists"');
 * ```
 */
export function relations<
  const Name extends string,
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[],
  const Definitions extends RelationDefinitions<NoInfer<Name>>,
>(
  of: RelatedModel<Name, Columns, Args>,
  definitions: Definitions,
  { strict = false }: RelationsOptions = {},
): RelationSet<Name, Columns, Args, Definitions> {
  const owner = tableOf(of);
  const set: Record<string, RelationValue> = {};
  for (const [name, definition] of Object.entries(definitions ?? {})) {
    const subject = `relation "${name}" of model "${owner.name}"`;
    if (!(definition instanceof DefinitionObject)) {
      throw new ValidationError(
        subject,
        "it is no relation; make it with hasMany(), belongsTo() and their like",
      );
    }
    const link = new Link(definition.definition, owner, { name, strict });
    set[name] = new RelationValue(link, definition.definition.query, { name, executor: boundOf(of) });
  }
  return Object.freeze(set) as unknown as RelationSet<Name, Columns, Args, Definitions>;
}

/** What a model is bound to. */
function boundOf(of: unknown): RelationValue["settings"]["executor"] {
  return (of as { find(): RelationValue["rows"] }).find().running.executor;
}
