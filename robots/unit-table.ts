/** Powers of ten, or of 1024, by what stands before a unit's name. */
type Prefixes = Readonly<Record<string, number>>

const LARGE_SHORT = ['da', 'h', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y', 'R', 'Q']
const SMALL_SHORT = ['d', 'c', 'm', 'u', 'n', 'p', 'f', 'a', 'z', 'y', 'r', 'q']
const LARGE_LONG = 'deca hecto kilo mega giga tera peta exa zetta yotta ronna quetta'.split(' ')
const SMALL_LONG = 'deci centi milli micro nano pico femto atto zepto yocto ronto quecto'.split(' ')
const LARGE_BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
const LARGE_BINARY_LONG = ['kibi', 'mebi', 'gibi', 'tebi', 'pebi', 'exi', 'zebi', 'yobi']
/** Of the i-th prefix: 10, 100, 1000, 10^6 ... */
const TENS = [1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]

/** `power`: 2 for square metres, of which one kilo is 10^6. */
function decimal(large: readonly string[], small: readonly string[], power = 1): Prefixes {
  const all: Record<string, number> = { '': 1 }
  large.forEach((prefix, i) => (all[prefix] = Number(`1e${TENS[i]! * power}`)))
  small.forEach((prefix, i) => (all[prefix] = Number(`1e-${TENS[i]! * power}`)))
  return all
}

/** From kilo to yotta, and their neighbours that are powers of 1024. No small ones: nobody halves a bit. */
const binary = (decimals: Prefixes, binaries: readonly string[]): Prefixes => ({
  '': 1,
  ...Object.fromEntries(Object.entries(decimals).filter(([, factor]) => factor >= 1e3 && factor <= 1e24)),
  ...Object.fromEntries(binaries.map((prefix, i) => [prefix, 1024 ** (i + 1)])),
})

const short = decimal(LARGE_SHORT, SMALL_SHORT)
const long = decimal(LARGE_LONG, SMALL_LONG)

/** Which prefixes a unit takes. */
export const PREFIXES = {
  none: { '': 1 },
  short,
  long,
  both: { ...short, ...long },
  squared: decimal(LARGE_SHORT, SMALL_SHORT, 2),
  cubic: decimal(LARGE_SHORT, SMALL_SHORT, 3),
  binaryShort: binary(short, LARGE_BINARY),
  binaryLong: binary(long, LARGE_BINARY_LONG),
  btu: { '': 1, MM: 1e6 },
} satisfies Record<string, Prefixes>

/** Names, size in the SI unit, prefixes; for temperatures how far their zero is from 0 K, in the unit itself. */
type Row = readonly [names: string, size: number, prefixes: keyof typeof PREFIXES, offset?: number]

/**
 * Every unit that a quantity may be written in, by its dimension as a product of base units. Where two readings of a
 * name are possible (a prefix and a unit) the first row that fits counts. Names and sizes are those of mathjs 15,
 * which read robot files before; `test/robots/quantity.test.ts` compares with it.
 */
export const UNITS: Readonly<Record<string, readonly Row[]>> = {
  m: [
    ['meter meters', 1, 'long'],
    ['inch in inches', 0.0254, 'none'],
    ['foot ft feet', 0.3048, 'none'],
    ['yard yd yards', 0.9144, 'none'],
    ['mile mi miles', 1609.344, 'none'],
    ['link li links', 0.201168, 'none'],
    ['rod rods', 5.0292, 'none'],
    ['chain ch chains', 20.1168, 'none'],
    ['angstrom angstroms', 1e-10, 'none'],
    ['m', 1, 'short'],
    ['rd', 5.02921, 'none'],
    ['mil', 0.0000254, 'none'],
  ],
  m2: [
    ['m2', 1, 'squared'],
    ['sqin', 0.00064516, 'none'],
    ['sqft sqfeet', 0.09290304, 'none'],
    ['sqyd sqyard', 0.83612736, 'none'],
    ['sqmi sqmile sqmiles', 2589988.110336, 'none'],
    ['sqrd', 25.29295, 'none'],
    ['sqch', 404.6873, 'none'],
    ['sqmil', 6.4516e-10, 'none'],
    ['acre acres', 4046.86, 'none'],
    ['hectare hectares', 10000, 'none'],
  ],
  m3: [
    ['m3', 1, 'cubic'],
    ['L l lt', 0.001, 'short'],
    ['litre litres liter liters', 0.001, 'long'],
    ['cuin', 0.000016387064, 'none'],
    ['cuft', 0.028316846592, 'none'],
    ['cuyd', 0.764554857984, 'none'],
    ['teaspoon teaspoons', 0.000005, 'none'],
    ['tablespoon tablespoons', 0.000015, 'none'],
    ['drop gtt gtts', 5e-8, 'none'],
    ['minim minims', 6.1611519921875e-8, 'none'],
    ['fluiddram fldr fluiddrams', 0.0000036966911953125, 'none'],
    ['fluidounce floz fluidounces', 0.0000295735295625, 'none'],
    ['gill gi gills', 0.00011829411825, 'none'],
    ['cc', 0.000001, 'none'],
    ['cup cp cups', 0.0002365882365, 'none'],
    ['pint pt pints', 0.000473176473, 'none'],
    ['quart qt quarts', 0.000946352946, 'none'],
    ['gallon gal gallons', 0.003785411784, 'none'],
    ['beerbarrel bbl beerbarrels', 0.117347765304, 'none'],
    ['oilbarrel obl oilbarrels', 0.158987294928, 'none'],
    ['hogshead hogsheads', 0.238480942392, 'none'],
  ],
  kg: [
    ['g', 0.001, 'short'],
    ['gram grams', 0.001, 'long'],
    ['ton tons', 907.18474, 'short'],
    ['t', 1000, 'short'],
    ['tonne tonnes', 1000, 'long'],
    ['grain gr grains', 0.00006479891, 'none'],
    ['dram dr drams', 0.0017718451953125, 'none'],
    ['ounce oz ounces', 0.028349523125, 'none'],
    ['poundmass lbm poundmasses lb lbs', 0.45359237, 'none'],
    ['hundredweight cwt hundredweights', 45.359237, 'none'],
    ['stick sticks', 0.115, 'none'],
    ['stone', 6.35029318, 'none'],
  ],
  s: [
    ['s', 1, 'short'],
    ['min minute minutes mins', 60, 'none'],
    ['h hour hours hr hrs', 3600, 'none'],
    ['second sec seconds secs', 1, 'long'],
    ['day days', 86400, 'none'],
    ['week weeks', 604800, 'none'],
    ['month months', 2629800, 'none'],
    ['year years', 31557600, 'none'],
    ['decade decades', 315576000, 'none'],
    ['century centuries', 3155760000, 'none'],
    ['millennium millennia', 31557600000, 'none'],
  ],
  's-1': [
    ['hertz', 1, 'long'],
    ['Hz', 1, 'short'],
  ],
  rad: [
    ['rad', 1, 'short'],
    ['radian radians', 1, 'long'],
    ['deg', Math.PI / 180, 'short'],
    ['degree degrees', Math.PI / 180, 'long'],
    ['grad', Math.PI / 200, 'short'],
    ['gradian gradians', Math.PI / 200, 'long'],
    ['cycle cycles', 2 * Math.PI, 'none'],
    ['arcsec arcsecond arcseconds', 0.00000484813681109536, 'none'],
    ['arcmin arcminute arcminutes', 0.0002908882086657216, 'none'],
  ],
  A: [
    ['A', 1, 'short'],
    ['ampere amperes amps amp', 1, 'long'],
  ],
  K: [
    ['K', 1, 'short'],
    ['degC', 1, 'short', 273.15],
    ['degF', 5 / 9, 'short', 459.67],
    ['degR', 5 / 9, 'short'],
    ['kelvin', 1, 'long'],
    ['celsius', 1, 'long', 273.15],
    ['fahrenheit', 5 / 9, 'long', 459.67],
    ['rankine', 5 / 9, 'long'],
  ],
  mol: [
    ['mol', 1, 'short'],
    ['mole moles', 1, 'long'],
  ],
  cd: [
    ['cd', 1, 'short'],
    ['candela', 1, 'long'],
  ],
  'kg m s-2': [
    ['N', 1, 'short'],
    ['newton', 1, 'long'],
    ['dyn', 0.00001, 'short'],
    ['dyne', 0.00001, 'long'],
    ['lbf poundforce', 4.4482216152605, 'none'],
    ['kip kips', 4448.2216, 'long'],
    ['kilogramforce kgf', 9.80665, 'none'],
  ],
  'kg m2 s-2': [
    ['J', 1, 'short'],
    ['joule joules', 1, 'long'],
    ['erg', 1e-7, 'both'],
    ['Wh', 3600, 'short'],
    ['BTU BTUs', 1055.05585262, 'btu'],
    ['eV', 1.602176565e-19, 'short'],
    ['electronvolt electronvolts', 1.602176565e-19, 'long'],
  ],
  'kg m2 s-3': [
    ['W VA', 1, 'short'],
    ['watt watts', 1, 'long'],
    ['hp', 745.6998715386, 'none'],
  ],
  'kg m-1 s-2': [
    ['Pa', 1, 'short'],
    ['psi', 6894.75729276459, 'none'],
    ['atm', 101325, 'none'],
    ['bar', 100000, 'both'],
    ['torr mmHg mmhg', 133.322, 'none'],
    ['mmH2O mmh2o', 9.80665, 'none'],
    ['cmH2O cmh2o', 98.0665, 'none'],
  ],
  's A': [
    ['coulomb coulombs', 1, 'long'],
    ['C', 1, 'short'],
    ['Ah', 3600, 'short'],
  ],
  'kg-1 m-2 s4 A2': [
    ['farad farads', 1, 'long'],
    ['F', 1, 'short'],
  ],
  'kg m2 s-3 A-1': [
    ['volt volts', 1, 'long'],
    ['V', 1, 'short'],
  ],
  'kg m2 s-3 A-2': [['ohm ohms', 1, 'both']],
  'kg m2 s-2 A-2': [
    ['henry', 1, 'long'],
    ['H', 1, 'short'],
  ],
  'kg-1 m-2 s3 A2': [
    ['siemens', 1, 'long'],
    ['S', 1, 'short'],
  ],
  'kg m2 s-2 A-1': [
    ['weber webers', 1, 'long'],
    ['Wb', 1, 'short'],
  ],
  'kg s-2 A-1': [
    ['tesla teslas', 1, 'long'],
    ['T', 1, 'short'],
  ],
  bit: [
    ['b', 1, 'binaryShort'],
    ['bits bit', 1, 'binaryLong'],
    ['B', 8, 'binaryShort'],
    ['bytes byte', 8, 'binaryLong'],
  ],
}
