// What differs between environments: account, region, and values for parameters of template.yaml. An example to copy.

import type { Value } from '../lib/rollcall.ts';

export interface Environment {
  /** The stack's name; names of its resources begin like this. */
  readonly stack: string;
  /** Left out, those of the credentials at hand. */
  readonly account?: string;
  readonly region?: string;
  readonly parameters: Readonly<Record<string, Value>>;
}

export const ENVIRONMENTS: readonly Environment[] = [
  {
    // An experiment: a user pool of its own, figures for the stack alone, gone with one command.
    stack: 'rollcall-test',
    parameters: {
      AdministratorEmail: 'ada@tessera.example',
      Metrics: 'stack',
      RecordLogRetentionDays: 30,
      DeletionProtection: false,
    },
  },
  {
    // People sign in where they always do; what happened is kept for seven years.
    stack: 'rollcall',
    account: '111122223333',
    region: 'eu-central-1',
    parameters: {
      TokenIssuer: 'https://login.microsoftonline.com/0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b/v2.0',
      TokenAudience: ['6f1c2a3b-4d5e-4f60-8a9b-0c1d2e3f4a5b'],
      ConsoleClientId: 'a7b8c9d0-1e2f-4a3b-8c4d-5e6f7a8b9c0d',
      ConsoleScopes: 'openid api://6f1c2a3b-4d5e-4f60-8a9b-0c1d2e3f4a5b/Synchronization.ReadWrite.All',
      AlarmEmail: 'it-ops@tessera.example',
      MailIdentity: 'tessera.example',
      MailSender: 'rollcall@tessera.example',
      RecordLogRetentionDays: 2557,
      ArchiveRecords: true,
    },
  },
];
