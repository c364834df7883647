const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  return crc
})

/**
 * CRC-16/MODBUS of `bytes[start, end)`: polynomial 0x8005 reflected, initial value 0xFFFF, no final xor (Modbus over
 * Serial Line V1.02, appendix B). On the wire the low byte goes first.
 */
export function crc16(bytes: ArrayLike<number>, start = 0, end = bytes.length): number {
  let crc = 0xffff
  for (let index = start; index < end; index++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[index]!) & 0xff]!
  return crc
}
