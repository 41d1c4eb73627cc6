// List prices of AWS in us-east-1, in US dollars, without free tiers, and where they come from. AWS shows them at
// https://aws.amazon.com/<service>/pricing; those that were read elsewhere, or are remembered, say so.

export interface Price {
  readonly dollars: number;
  readonly per: string;
  readonly from: string;
}

const AIRBYTE = 'airbyte.com on DynamoDB pricing, July 2025';
const FACTUAL = 'factualminds.com on CloudWatch pricing, June 2026';
const CLOUDCHIPR = 'cloudchipr.com on Lambda pricing, 2024';
const REMEMBERED = 'remembered, not looked up; check before you rely on it';

export const PRICES = {
  lambdaRequest: { dollars: 0.2, per: 'million invocations', from: CLOUDCHIPR },
  lambdaTime: { dollars: 0.0000133334, per: 'GB-second on arm64', from: CLOUDCHIPR },
  write: { dollars: 0.625, per: 'million write request units', from: AIRBYTE },
  read: { dollars: 0.125, per: 'million read request units', from: AIRBYTE },
  tableStorage: { dollars: 0.25, per: 'GB-month in DynamoDB', from: 'aws.amazon.com/dynamodb/pricing, undated copy' },
  tableBackup: { dollars: 0.2, per: 'GB-month of point-in-time recovery', from: REMEMBERED },
  event: { dollars: 1, per: 'million events', from: 'cloudburn.io on EventBridge pricing, March 2026' },
  logIngestion: { dollars: 0.5, per: 'GB of log lines', from: FACTUAL },
  logStorage: { dollars: 0.03, per: 'GB-month of log lines, compressed', from: REMEMBERED },
  metric: { dollars: 0.3, per: 'metric and month', from: 'signoz.io on CloudWatch pricing, February 2026' },
  alarmMetric: { dollars: 0.1, per: 'metric of an alarm and month', from: REMEMBERED },
  dashboard: { dollars: 3, per: 'dashboard and month', from: FACTUAL },
  secret: { dollars: 0.4, per: 'secret and month', from: REMEMBERED },
  apiRequest: { dollars: 1, per: 'million requests to an HTTP API', from: REMEMBERED },
  fileRead: { dollars: 0.4, per: 'million reads of S3', from: REMEMBERED },
  mail: { dollars: 0.1, per: 'thousand mails', from: REMEMBERED },
} as const satisfies Record<string, Price>;
