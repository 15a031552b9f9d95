import { describe, expect, it } from 'vitest';
import { DatabaseUrlInvalid, maskDatabaseUrl, parseDatabaseUrl } from './database-url.js';

const parse = (text: string, files = false) => parseDatabaseUrl(text, { files });

describe('parseDatabaseUrl', () => {
  it('reads every part', () => {
    expect(parse('postgresql://me%40x:p%2Fw@Db.Example:6543/my%20shop?sslmode=require&options=-c%20a%3Db')).toEqual({
      kind: 'postgresql',
      host: 'db.example',
      port: 6543,
      user: 'me@x',
      password: 'p/w',
      database: 'my shop',
      tls: 'require',
      caFile: undefined,
      options: '-c a=b',
    });
    expect(parse('mariadb://me@[::1]/shop?ssl-mode=VERIFY_CA')).toMatchObject({
      kind: 'mysql',
      host: '::1',
      port: 3306,
      password: undefined,
      tls: 'verify-ca',
    });
    expect(parse('mysql://me@db/shop?ssl-mode=VERIFY_IDENTITY').tls).toBe('verify-full');
  });

  it('writes addresses in one way, so that they are judged as what they are', () => {
    expect(parse('mysql://me@0x7f.1/shop').host).toBe('127.0.0.1');
    expect(parse('postgres://me@2130706433/shop').host).toBe('127.0.0.1');
    expect(parse('postgres://me@db.example./shop').host).toBe('db.example');
  });

  it('takes files from the configuration only', () => {
    const url = 'postgresql://me@db/shop?sslrootcert=/etc/ca.pem';
    expect(parse(url, true)).toMatchObject({ caFile: '/etc/ca.pem', tls: 'verify-full' });
    expect(() => parse(url)).toThrow('must not name a file');
  });

  it.each([
    ['no URL', 'hunter2'],
    ['another scheme', 'mongodb://me:hunter2@db/shop'],
    ['no host', 'postgresql://me:hunter2@/shop'],
    ['no user', 'postgresql://:hunter2@db/shop'],
    ['no database', 'postgresql://me:hunter2@db'],
    ['an unknown parameter', 'postgresql://me:hunter2@db/shop?host=/var/run'],
    ['an unknown mode', 'postgresql://me:hunter2@db/shop?sslmode=maybe'],
    ['an address where the name is to be verified', 'mysql://me:hunter2@10.0.0.1/shop?sslmode=verify-full'],
    ['a broken escape', 'postgresql://me:hunter2%ZZ@db/shop'],
    ['a fragment', 'postgresql://me:hunter2@db/shop#sealed:abc'],
  ])('refuses %s without repeating the password', (_, text) => {
    expect(() => parse(text)).toThrow(DatabaseUrlInvalid);
    expect(() => parse(text)).not.toThrow(/hunter2/);
  });
});

describe('maskDatabaseUrl', () => {
  it('leaves out password and parameters', () => {
    const masked = maskDatabaseUrl('postgresql://me:hunter2@db:1/shop?sslmode=require');
    expect(masked).toBe('postgresql://me:***@db:1/shop');
    expect(maskDatabaseUrl('mysql://me@db/shop')).toBe('mysql://me@db/shop');
    expect(maskDatabaseUrl('hunter2')).toBe('***');
  });
});
