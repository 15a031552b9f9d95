import { inChunks, SeededRandom } from './demo-random.js';

const MOVIES = 800;
const COMMENTS = 6000;
const USERS = 240;
const FIRST_YEAR = 1955;
const LAST_YEAR = 2024;

type Words = readonly [string, ...string[]];
const GIVEN: Words = [
  ...(['Ada', 'Bela', 'Ciro', 'Dunja', 'Edda', 'Faro', 'Gilda', 'Hanno', 'Ines', 'Jorun', 'Kaspar', 'Livia'] as const),
  ...([
    'Marek',
    'Nadja',
    'Orla',
    'Pavel',
    'Quint',
    'Runa',
    'Soren',
    'Tamsin',
    'Ulla',
    'Vito',
    'Wanda',
    'Yann',
  ] as const),
];
const FAMILY: Words = [
  ...(['Abelmoor', 'Brackwater', 'Cindersey', 'Dovelark', 'Elmquist', 'Fennimore', 'Grauhaven', 'Hollister'] as const),
  ...(['Ivarsdal', 'Junebrook', 'Kestrelle', 'Lindqvale', 'Marrowby', 'Northcott', 'Oakenfell', 'Pellinor'] as const),
  ...(['Quillane', 'Rooksbury', 'Silverton', 'Thornquay', 'Underhay', 'Vandermoor', 'Westerling', 'Zellwood'] as const),
];
const QUALITY: Words = [
  ...(['Silent', 'Crooked', 'Golden', 'Borrowed', 'Distant', 'Paper', 'Winter', 'Hollow', 'Second', 'Bright'] as const),
  ...(['Forgotten', 'Salt', 'Velvet', 'Broken', 'Northern', 'Midnight', 'Copper', 'Gentle', 'Last', 'Hidden'] as const),
];
const THING: Words = [
  ...([
    'Harbour',
    'Lantern',
    'Orchard',
    'Signal',
    'Bridge',
    'Carousel',
    'Archive',
    'Meadow',
    'Compass',
    'Letter',
  ] as const),
  ...(['Station', 'Garden', 'Mirror', 'Voyage', 'Ledger', 'Island', 'Chorus', 'Window', 'Tide', 'Machine'] as const),
];
const GENRES: Words = ['Drama', 'Comedy', 'Western', 'Mystery', 'Romance', 'Animation', 'Documentary', 'Thriller'];
const REMARKS: Words = [
  'Saw it twice and would again.',
  'Too long by half, but what an ending!',
  'The music alone is worth it.',
  'My grandmother remembers the premiere, "every seat taken".',
  'Not for me,\nsorry.',
];

/** Movies as NDJSON chunks: MongoDB documents in mixed Extended JSON, with fields missing and a few values damaged. */
export function movies(): Iterable<string> {
  return inChunks(lines(MOVIES, movie));
}

/** Comments on the movies as NDJSON chunks. */
export function comments(): Iterable<string> {
  return inChunks(lines(COMMENTS, comment));
}

/** The people who comment, as NDJSON chunks. */
export function users(): Iterable<string> {
  return inChunks(lines(USERS, user));
}

function* lines(count: number, make: (index: number) => object): Iterable<string> {
  for (let index = 0; index < count; index += 1) yield JSON.stringify(make(index));
}

function movie(index: number): object {
  const random = new SeededRandom(index, 11);
  const year = FIRST_YEAR + random.below(LAST_YEAR - FIRST_YEAR + 1);
  const rated = !random.chance(0.01);
  return {
    _id: objectId('6a', index),
    title: title(random),
    year: random.chance(0.01) ? `${String(year)}è` : year,
    ...(random.chance(0.97) && { released: releaseDate(random, year) }),
    ...(random.chance(0.98) && { runtime: 62 + random.below(120) }),
    ...(random.chance(0.98) && { directors: people(random, { from: 90, atMost: random.chance(0.15) ? 3 : 1 }) }),
    ...(random.chance(0.97) && { cast: people(random, { from: 400, atMost: 4 }) }),
    ...(random.chance(0.9) && { writers: people(random, { from: 150, atMost: 2 }) }),
    genres: [...new Set([random.pick(GENRES), random.pick(GENRES)])],
    imdb: {
      rating: rated ? rating(random) : '',
      votes: rated ? 5 + Math.floor(random.next() ** 4 * 90_000) : '',
      id: 1000 + index,
    },
    type: 'movie',
  };
}

function comment(index: number): object {
  const random = new SeededRandom(index, 12);
  // Squared: some people and some movies are much busier than others.
  const { name, email } = user(Math.floor(random.next() ** 2 * USERS));
  return {
    _id: objectId('6b', index),
    name,
    email,
    movie_id: objectId('6a', Math.floor(random.next() ** 2 * MOVIES)),
    text: random.pick(REMARKS),
    date: { $date: instant(random, 1996 + random.below(29)).toISOString() },
  };
}

function user(index: number): { _id: object; name: string; email: string } {
  // Far from the numbers of those who make the movies.
  const name = person(index + 330);
  return { _id: objectId('6c', index), name, email: `${name.toLowerCase().replaceAll(' ', '.')}@example.com` };
}

function person(index: number): string {
  const given = GIVEN[index % GIVEN.length] ?? GIVEN[0];
  const family = FAMILY[(Math.floor(index / GIVEN.length) + index * 5) % FAMILY.length] ?? FAMILY[0];
  return `${given} ${family}`;
}

function people(random: SeededRandom, { from, atMost }: { from: number; atMost: number }): string[] {
  const count = 1 + random.below(atMost);
  return [...new Set(Array.from({ length: count }, () => person(random.below(from))))];
}

function title(random: SeededRandom): string {
  const name = `${random.pick(QUALITY)} ${random.pick(THING)}`;
  return random.chance(0.4) ? `The ${name}` : name;
}

/** From 1 to 10 with one decimal, most of them near 6.5. */
function rating(random: SeededRandom): number {
  const spread = (random.next() + random.next() + random.next()) / 3;
  return Math.round(10 + spread * 88) / 10;
}

/** Extended JSON writes an instant in two ways, and files mix them. */
function releaseDate(random: SeededRandom, year: number): object {
  const date = instant(random, year);
  date.setUTCHours(0, 0, 0, 0);
  return {
    $date: random.chance(0.5) ? { $numberLong: String(date.getTime()) } : date.toISOString().replace('.000', ''),
  };
}

function instant(random: SeededRandom, year: number): Date {
  return new Date(
    Date.UTC(year, random.below(12), 1 + random.below(28), random.below(24), random.below(60), random.below(60)),
  );
}

function objectId(prefix: string, index: number): object {
  return { $oid: `${prefix}${index.toString(16).padStart(22, '0')}` };
}
