/**
 * Internet addresses as bytes and as text, in the form PostgreSQL prints
 * (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/port/inet_net_ntop.c).
 *
 * @module
 */

/** The four or sixteen bytes of an address as text. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : formatIpv6(bytes);
}

function formatIpv6(bytes: Uint8Array): string {
  const words: number[] = [];
  for (let at = 0; at < 16; at += 2) words.push(bytes[at] << 8 | bytes[at + 1]);
  const { start, length } = longestZeros(words);
  const end = start + length;
  const mapped = start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff));
  let text = "";
  for (let index = 0; index < 8; index++) {
    if (index >= start && index < end) {
      if (index === start) text += ":";
      continue;
    }
    if (index !== 0) text += ":";
    if (index === 6 && mapped) return text + bytes.subarray(12).join(".");
    text += words[index].toString(16);
  }
  return end === 8 ? `${text}:` : text;
}

/** The first of the longest runs of at least two zeros; of length 0, and starting past the end, when there is none. */
function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 9, length: 0 };
  let length = 0;
  for (let index = 0; index < words.length; index++) {
    length = words[index] === 0 ? length + 1 : 0;
    if (length >= 2 && length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

/** The bytes of an address, four or sixteen; undefined when the text is not an address. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1).map(Number);
  return octets.every((octet) => octet <= 255) ? Uint8Array.from(octets) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0], halves.length === 1);
  const tail = halves.length === 1 ? [] : parseGroups(halves[1], true);
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 2) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of groups between colons; the last may be an IPv4 address where `last` says that nothing follows. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index];
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const word = parseInt(group, 16);
      bytes.push(word >> 8, word & 255);
      continue;
    }
    const octets = last && index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (octets === undefined) return undefined;
    bytes.push(...octets);
  }
  return bytes;
}
