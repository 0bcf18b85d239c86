/**
 * Relations along a path of others.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import { made } from "./definitions.ts";
import { conditionsOf, isBounded, rowsOnly } from "./plain_query.ts";
import type { AnyRelation, DefinitionTypes, NoColumns, RelationDefinition } from "./relation_types.ts";
import { RelationValue } from "./relation_value.ts";
import type { Hop } from "./route.ts";

/** The last of a path. */
export type EndOf<Path extends readonly unknown[]> = Path extends readonly [...unknown[], infer Last] ? Last
  : never;

/** Whether a path leads to many rows: it does when one of its parts does. */
export type KindOf<Path extends readonly AnyRelation[]> = "many" extends
  Path[number]["~facts"]["types"]["kind"] ? "many" : "one";

/** The definition a path of relations makes. */
export type Linked<Path extends readonly [AnyRelation, ...AnyRelation[]]> = EndOf<Path> extends
  infer Last extends AnyRelation ? RelationDefinition<
    DefinitionTypes<
      Path[0]["~facts"]["owner"],
      KindOf<Path>,
      Last["~facts"]["types"]["columns"],
      Last["~facts"]["types"]["target"],
      null,
      NoColumns
    >
  >
  : never;

/**
 * The rows at the end of a path of relations, each once for a row at its beginning, however many ways lead to it.
 * Conditions of the path's relations hold, and the orders of the last.
 *
 * @param path Relations, each of the model that the one before leads to.
 *
 * @example
 * ```ts
 * import { column, hasMany, linked, model, relations } from "@lifeguard/core";
 * const Artist = model("artists", { id: column.identity().primaryKey() });
 * const Album = model("albums", { id: column.identity().primaryKey(), artistId: column.integer() });
 * const Track = model("tracks", { id: column.identity().primaryKey(), albumId: column.integer() });
 * const album = relations(Album, { tracks: hasMany(Track, Track.albumId) });
 * const albums = relations(Artist, { albums: hasMany(Album, Album.artistId) });
 * const artist = relations(Artist, { tracks: linked(albums.albums, album.tracks) });
 * console.assert(artist.tracks.query({ id: 1 }).toSQL().text === 'select "tracks"."id", "tracks"."album_id" as ' +
 *   '"albumId" from "tracks" join (select distinct "albums"."artist_id" as "0", "albums"."id" as "1" from "albums" ' +
 *   'where "albums"."artist_id" = $1) as "~link" on "tracks"."album_id" = "~link"."1"');
 * ```
 */
export function linked<const Path extends readonly [AnyRelation, ...AnyRelation[]]>(
  ...path: Path
): Linked<Path> {
  const relations = path as readonly unknown[] as readonly RelationValue[];
  relations.forEach((relation, index) => checkPart(relation, relations[index - 1]));
  const last = relations[relations.length - 1];
  return made({
    keyOf: "path",
    path: {
      owner: relations[0].link.owner,
      name: relations.map(({ settings }) => settings.name).join("."),
    },
    many: relations.some(({ link }) => link.definition.many),
    required: false,
    query: rowsOnly(last.rows),
    route(owner, subject) {
      if (relations[0].link.owner.fragment.text !== owner.fragment.text) {
        throw new ValidationError(
          subject,
          "its path begins at another model; begin with a relation of this one",
        );
      }
      return relations.flatMap((relation) => hopsOf(relation, relation === last));
    },
  });
}

function checkPart(relation: RelationValue, before: RelationValue | undefined): void {
  if (!(relation instanceof RelationValue)) {
    throw new ValidationError("a part of linked()", "it is no relation; give artist.albums or its like");
  }
  const { link, rows: query } = relation;
  if (isBounded(query)) {
    throw new ValidationError(link.subject, "it is linked with a limit or an offset; leave these out");
  }
  if (before === undefined || before.link.last.table.fragment.text === link.owner.fragment.text) return;
  throw new ValidationError(
    link.subject,
    `it follows ${before.link.subject}, which leads to "${before.link.last.table.name}"; link relations of that model`,
  );
}

/** The hops of a part; what is true of the rows it leads to is said on the way, but for the last. */
function hopsOf({ link: { route }, rows: query }: RelationValue, isLast: boolean): readonly Hop[] {
  if (isLast) return route;
  return route.map((hop, index) =>
    index < route.length - 1 ? hop : { ...hop, conditions: [...hop.conditions, ...conditionsOf(query)] }
  );
}
