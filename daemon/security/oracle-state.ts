// Where the oracle's memory lies in the store.

export const ORACLE_STATE = 'oracle';
