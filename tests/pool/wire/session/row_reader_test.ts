import assert from "node:assert/strict";
import { ByteSource } from "../../../../pool/wire/byte_source.ts";
import { BINARY_FORMAT, TEXT_FORMAT } from "../../../../pool/wire/codec/codec.ts";
import { CodecRegistry } from "../../../../pool/wire/codec/registry.ts";
import { DecodeError, ProtocolError } from "../../../../pool/wire/errors.ts";
import {
  compileRowReader,
  type ReaderColumn,
  type RowReader,
} from "../../../../pool/wire/session/row_reader.ts";
import { test } from "../../../harness.ts";
import { backend, int4 } from "./fake_backend.ts";

const registry = new CodecRegistry();

function column(name: string, oid: number, format: 0 | 1 = BINARY_FORMAT, from = registry): ReaderColumn {
  return { field: { name, table: 0, column: 0, type: oid, modifier: -1 }, codec: from.get(oid)!, format };
}

/** Compiles where code may not be made from strings, so that rows are interpreted. */
function interpreter(columns: readonly ReaderColumn[]): RowReader {
  const original = globalThis.Function;
  try {
    globalThis.Function = function (): never {
      throw new EvalError("refused");
    } as unknown as FunctionConstructor;
    return compileRowReader(columns);
  } finally {
    globalThis.Function = original;
  }
}

/** Reads the body of a DataRow that lies in the midst of other bytes. */
function read(reader: RowReader, row: Uint8Array): Record<string, unknown> {
  const bytes = new Uint8Array(row.length + 20).fill(0x55);
  bytes.set(row, 10);
  return reader(new ByteSource(bytes), 15, 10 + row.length);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const COLUMNS: readonly ReaderColumn[] = [
  column("n", 23),
  column("small", 21),
  column("yes", 16),
  column("__proto__", 25),
  column('odd "name"\u2028\\', 1700, TEXT_FORMAT),
  column("plain", 23, TEXT_FORMAT),
];

const ROWS: readonly (readonly (Uint8Array | null)[])[] = [
  [int4(-1), new Uint8Array([0xff, 0xfe]), new Uint8Array([1]), text("ünï"), text("1.50"), text("-7")],
  [int4(2 ** 31 - 1), new Uint8Array([0x7f, 0xff]), new Uint8Array([0]), text(""), text("NaN"), text("0")],
  [null, null, null, null, null, null],
];

for (const [kind, make] of [["compiled", compileRowReader], ["interpreted", interpreter]] as const) {
  test(`compileRowReader() reads rows, ${kind}`, () => {
    const reader = make(COLUMNS);
    const rows = ROWS.map((row) => read(reader, backend.dataRow(...row)));
    const names = ["n", "small", "yes", "__proto__", 'odd "name"\u2028\\', "plain"];
    assert.deepEqual(rows.map(Object.keys), [names, names, names]);
    assert.deepEqual(rows.map(Object.values), [
      [-1, -2, true, "ünï", "1.50", -7],
      [2 ** 31 - 1, 32_767, false, "", "NaN", 0],
      [null, null, null, null, null, null],
    ]);
    for (const row of rows) assert.equal(Object.getPrototypeOf(row), Object.prototype);
  });

  test(`compileRowReader() refuses a row that was cut anywhere, ${kind}`, () => {
    const reader = make(COLUMNS);
    const row = backend.dataRow(...ROWS[0]);
    for (let size = 5; size < row.length; size++) {
      assert.throws(() => read(reader, row.subarray(0, size)), ProtocolError, `after ${size} bytes`);
    }
  });

  test(`compileRowReader() names the column whose bytes are malformed, ${kind}`, () => {
    const reader = make([column("first", 23), column("second", 23), column("third", 25)]);
    const refuse = (values: (Uint8Array | null)[], name: string): void => {
      assert.throws(
        () => read(reader, backend.dataRow(...values)),
        (error: unknown) => error instanceof DecodeError && error.column === name,
      );
    };
    refuse([new Uint8Array(3), int4(1), null], "first");
    refuse([int4(1), new Uint8Array(5), null], "second");
    refuse([int4(1), int4(1), new Uint8Array([0xff])], "third");
    assert.deepEqual(read(reader, backend.dataRow(int4(1), int4(2), text("3"))), {
      first: 1,
      second: 2,
      third: "3",
    });
  });

  test(`compileRowReader() reads by a user's codec for a type that is otherwise read in place, ${kind}`, () => {
    const own = new CodecRegistry({
      codecs: {
        int4: {
          encode: String,
          decode: (value: string) => `text ${value}`,
          binary: { encode: () => int4(0), decode: (bytes: Uint8Array) => `${bytes.length} bytes` },
        },
      },
    });
    const reader = make([column("n", 23, BINARY_FORMAT, own)]);
    assert.deepEqual(read(reader, backend.dataRow(int4(1))), { n: "4 bytes" });
  });
}
