const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1
  return crc
})

/**
 * CRC-16 of `bytes[start, end)`: polynomial 0x8005 not reflected, initial value 0, no final xor (Dynamixel Protocol 2.0,
 * "CRC Calculation"; the catalogue of CRCs has it as CRC-16/UMTS). On the wire the low byte goes first.
 */
export function dynamixelCrc(bytes: ArrayLike<number>, start = 0, end = bytes.length): number {
  let crc = 0
  for (let index = start; index < end; index++) crc = ((crc << 8) ^ TABLE[(crc >>> 8) ^ bytes[index]!]!) & 0xffff
  return crc
}
