import { describe, expect, it } from 'vitest';
import { readAddress } from '../../../daemon/postgres/address.ts';

describe('the address of a database', () => {
  it('is read with what is escaped in it, and told without its password', () => {
    const { where, connection } = readAddress('postgres://mesh:p%40ss%2Fw@db.lan:5433/fleet');
    expect(where).toBe('mesh@db.lan:5433/fleet');
    expect(connection).toMatchObject({
      host: 'db.lan',
      port: 5433,
      user: 'mesh',
      password: 'p@ss/w',
      database: 'fleet',
    });
  });

  it('is encrypted and verified unless it stays on the machine or says otherwise', () => {
    const ssl = (url: string) => readAddress(url).connection.ssl;
    expect(ssl('postgres://u@db.lan/d')).toEqual({});
    expect(ssl('postgres://u@127.0.0.1/d')).toBe(false);
    expect(ssl('postgres://u@[::1]/d')).toBe(false);
    expect(ssl('postgresql://u@x/d?host=/run/postgresql')).toBe(false);
    expect(ssl('postgres://u@db.lan/d?sslmode=disable')).toBe(false);
    expect(ssl('postgres://u@db.lan/d?sslmode=require')).toEqual({ rejectUnauthorized: false });
    expect(ssl('postgres://u@db.lan/d?sslrootcert=package.json')).toMatchObject({
      ca: expect.stringContaining('parlmesh'),
    });
  });

  it.each([
    ['mysql://u@h/d', 'not the address'],
    ['postgres://u:secret@h/', 'names no database'],
    ['postgres://:secret@h/d', 'names no user'],
    ['postgres://u:secret@/d', 'not the address'],
    ['postgres://u:secret@h/d?sslmode=prefer', 'sslmode "prefer"'],
    ['postgres://u:secret@h/d?ssl=true', 'the parameter "ssl"'],
    ['postgres://u:secret@h/d?sslrootcert=/none', 'cannot be read'],
    ['postgres://u:%zz@h/d', 'stands for no character'],
  ])('%s is refused by name, without its password', (url, why) => {
    const failed = (): unknown => {
      try {
        return readAddress(url);
      } catch (error) {
        return error;
      }
    };
    expect(failed()).toMatchObject({ code: 'FEDERATION_STORE_INVALID', message: expect.stringContaining(why) });
    expect(String(failed())).not.toContain('secret');
  });
});
