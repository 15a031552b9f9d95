/**
 * Tells processes at once that something changed. A message may be lost (Redis down, a reconnect): whoever listens
 * must be able to find the truth in the database.
 */
export abstract class Broadcast {
  /** Never rejects, and takes seconds at most: an announcement that cannot be made is logged and forgotten. */
  abstract publish(channel: string, message: string): Promise<void>;
  /**
   * Calls the listener with each message until the returned function is called. `listening` is called each time that
   * listening begins: soon after the call, after a lost connection, and when somebody else in the process begins to listen
   * to the channel. What was published before may have been missed.
   */
  abstract subscribe(channel: string, listener: (message: string) => void, listening?: () => void): () => void;
}
