/** Postgres's numeric: at most 131072 digits before the point and 16383 after it. */
export const MAX_DECIMAL_SCALE = 131_072;
/** Enough bytes for the widest numeric; more would be text of quadratic cost. */
export const MAX_DECIMAL_BYTES = 65_536;

const DECIMAL_TEXT = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Exact text of an unscaled two's-complement big-endian integer: bytes of 1990 with scale 2 → `"19.90"`.
 * A negative scale appends zeros.
 */
export function decimalText(unscaled: Buffer, scale: number): string {
  // Up to 48 bits a double is exact, and several times as fast as a bigint.
  const value =
    unscaled.length <= 6
      ? unscaled.readIntBE(0, unscaled.length)
      : BigInt.asIntN(unscaled.length * 8, BigInt(`0x${unscaled.toString('hex')}`));
  if (scale <= 0) return value.toString() + (Number(value) === 0 ? '' : '0'.repeat(-scale));
  const text = value.toString();
  const sign = text.startsWith('-') ? '-' : '';
  const digits = text.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * The unscaled integer of decimal text as the fewest two's-complement bytes, or undefined when the text is
 * no plain decimal or cannot be held exactly: too many digits after the point, or altogether.
 */
export function decimalBytes(
  text: string,
  { precision, scale }: { readonly precision: number; readonly scale: number },
): Buffer | undefined {
  const [, sign, whole, fraction = ''] = DECIMAL_TEXT.exec(text) ?? [];
  if (sign === undefined || whole === undefined || text.length > MAX_DECIMAL_BYTES)
    return undefined;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > scale) return undefined;
  const digits = `${whole}${significant.padEnd(scale, '0')}`.replace(/^0+(?=\d)/, '');
  if (digits.length > precision) return undefined;
  return twosComplement(BigInt(`${sign}${digits}`));
}

function twosComplement(value: bigint): Buffer {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes += 1;
  const hex = BigInt.asUintN(bytes * 8, value).toString(16);
  return Buffer.from(hex.padStart(bytes * 2, '0'), 'hex');
}
