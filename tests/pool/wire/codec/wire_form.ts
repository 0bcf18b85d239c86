import { ByteSource } from "../../../../pool/wire/byte_source.ts";
import { ByteWriter } from "../../../../pool/wire/byte_writer.ts";
import { BUILTIN_RANGES, BUILTIN_TYPES } from "../../../../pool/wire/codec/builtin_types.ts";
import { type Codec, CodecRegistry, type CodecRegistryOptions } from "../../../../pool/wire/codec/mod.ts";

/** A value's binary form. */
export function encoded(codec: Codec, value: unknown): Uint8Array {
  const writer = new ByteWriter(16);
  codec.encode(value, writer);
  return writer.take();
}

/** The value of a binary form that lies between bytes that are not its own. */
export function decoded(codec: Codec, bytes: Uint8Array): unknown {
  const framed = new Uint8Array(bytes.length + 8).fill(0xff);
  framed.set(bytes, 4);
  return codec.decode(new ByteSource(framed), 4, bytes.length);
}

/** The codec of a built-in type by its name in the catalog, `_int4` for an array. */
export function builtinCodec(name: string, options: CodecRegistryOptions = {}): Codec {
  const types = [...BUILTIN_TYPES, ...BUILTIN_RANGES.flatMap(({ range, multirange }) => [range, multirange])];
  const element = name.replace(/^_/, "");
  const [, oid, arrayOid] = types.find(([typname]) => typname === element)!;
  return new CodecRegistry(options).get(name === element ? oid : arrayOid)!;
}
