import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config, type OwnerLimits } from '../config/config.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { StorageUsedUp } from './limit-errors.js';
import { LimitsRepository } from './limits.repository.js';
import { overlay, type LimitChanges, type OwnerUse } from './owner-limits.js';

/** A change is announced; where the announcement is lost, it is in force after so long. */
const KEPT_MS = 5000;
/** Only what is asked for over and over has to be remembered. */
const KEPT_OWNERS = 10_000;
const CHANNEL = 'limits';

interface Kept<T> {
  value: Promise<T>;
  until: number;
}

/** What an owner may use. Limits and bytes kept are remembered for seconds, so that asking for them costs nothing. */
@Injectable()
export class Limits implements OnApplicationShutdown {
  private readonly limits = new Map<string, Kept<OwnerLimits>>();
  private readonly stored = new Map<string, Kept<number>>();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly config: Config,
    private readonly repository: LimitsRepository,
    private readonly broadcast: Broadcast,
  ) {
    this.unsubscribe = broadcast.subscribe(CHANNEL, (owner) => this.limits.delete(owner));
  }

  /** What holds where nothing else is set. */
  get configured(): OwnerLimits {
    return this.config.limits;
  }

  /** The configured limits, and what is set for the owner instead. Changes of others are seen within 5 s, mostly at once. */
  async of(owner: string): Promise<OwnerLimits> {
    return await remembered(this.limits, owner, async () =>
      overlay(this.config.limits, await this.repository.find(owner)),
    );
  }

  /** What is set for the owner. */
  async changesOf(owner: string): Promise<LimitChanges> {
    return await this.repository.find(owner);
  }

  /** The whole of what differs for the owner from now on. */
  async change(owner: string, changes: LimitChanges): Promise<void> {
    await this.repository.put(owner, changes);
    await this.forget(owner);
  }

  /** The owner has the configured limits again. */
  async reset(owner: string): Promise<void> {
    await this.repository.remove(owner);
    await this.forget(owner);
  }

  /** Counted now. */
  async use(owner: string): Promise<OwnerUse> {
    return await this.repository.use(owner);
  }

  /**
   * What to refuse with when the owner keeps more than it may; null if it does not. What is being made is not counted yet, nor
   * what was kept in the last 5 s: an owner may go beyond its limit by these, and no further.
   */
  async storageUsedUp(owner: string): Promise<StorageUsedUp | null> {
    const { storedBytes: limit } = await this.of(owner);
    if ((await this.storedBytes(owner)) < limit) return null;
    // Before a refusal, what was freed meanwhile counts.
    this.stored.delete(owner);
    const used = await this.storedBytes(owner);
    return used < limit ? null : new StorageUsedUp(used, limit);
  }

  onApplicationShutdown(): void {
    this.unsubscribe();
  }

  private async storedBytes(owner: string): Promise<number> {
    return await remembered(this.stored, owner, async () => (await this.repository.use(owner)).storedBytes);
  }

  private async forget(owner: string): Promise<void> {
    this.limits.delete(owner);
    await this.broadcast.publish(CHANNEL, owner);
  }
}

/** Asks once for all who want to know at the same time. A failure is not remembered. */
async function remembered<T>(kept: Map<string, Kept<T>>, owner: string, ask: () => Promise<T>): Promise<T> {
  const known = kept.get(owner);
  if (known !== undefined && known.until > Date.now()) return await known.value;
  if (kept.size >= KEPT_OWNERS) kept.clear();
  const value = ask();
  kept.set(owner, { value, until: Date.now() + KEPT_MS });
  try {
    return await value;
  } catch (error) {
    if (kept.get(owner)?.value === value) kept.delete(owner);
    throw error;
  }
}
