import { SeededRandom } from './demo-random.js';

const ORDERS = 2500;
const SEED = 20_260;
/** 2024-01-01T00:00:00Z in milliseconds, and the longest pause between two orders. */
const FIRST_ORDER = 1_704_067_200_000;
const MAX_PAUSE_MS = 8 * 3_600_000;

const CUSTOMERS = [
  'Abelmoor & Söhne',
  'Brackwater Ltd',
  'Cindersey, Inc.',
  'Dovelark "Home"',
  '山本商店',
  'Elmquist',
] as const;
const PLACES = [
  ['DE', 'EUR', 'Köln'],
  ['FR', 'EUR', 'Saint-Étienne'],
  ['PL', 'PLN', 'Łódź'],
  ['US', 'USD', 'Springfield'],
  ['IN', 'INR', 'Pune'],
] as const;
const STATES = ['open', 'paid', 'shipped', 'returned'] as const;
const NOTES = ['leave at the door', 'gift:\nno invoice, please', '=HYPERLINK("http://example.com")', '-'] as const;

/** One order as the demo API shows it. */
export interface DemoOrder {
  id: number;
  ordered_at: string;
  customer: string;
  amount: number;
  currency: string;
  country: string;
  status: string;
  paid: boolean;
  note: string | null;
  shipping: { city: string; parcels: number };
}

/** A few thousand orders, the same at every start, with what real data has: accents, quotes, new lines, formulas, gaps. */
export function demoOrders(): DemoOrder[] {
  const random = new SeededRandom(SEED);
  let orderedAt = FIRST_ORDER;
  return Array.from({ length: ORDERS }, (_, index) => {
    orderedAt += random.below(MAX_PAUSE_MS);
    const [country, currency, city] = random.pick(PLACES);
    const status = random.pick(STATES);
    return {
      id: index + 1,
      ordered_at: new Date(orderedAt).toISOString(),
      customer: random.pick(CUSTOMERS),
      amount: (random.chance(0.02) ? -1 : 1) * (random.below(500_000) / 100),
      currency,
      country,
      status,
      paid: status !== 'open',
      note: random.chance(0.1) ? random.pick(NOTES) : null,
      shipping: { city, parcels: 1 + random.below(3) },
    };
  });
}
