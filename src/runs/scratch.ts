import { Injectable, type OnModuleInit } from '@nestjs/common';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../config/config.js';

/** This process's own folder for temporary files. What processes that were killed left behind is removed at start. */
@Injectable()
export class Scratch implements OnModuleInit {
  readonly directory: string;
  private readonly root: string;

  constructor(config: Config) {
    this.root = join(config.scratchDir, 'processes');
    this.directory = join(this.root, String(process.pid));
  }

  async onModuleInit(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    for (const name of await readdir(this.root)) {
      if (Number(name) === process.pid || !isAlive(Number(name))) {
        await rm(join(this.root, name), { recursive: true, force: true });
      }
    }
    await mkdir(this.directory, { recursive: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, but not ours.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
