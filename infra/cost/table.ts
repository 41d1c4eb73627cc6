// Prints what a stack costs a month for four sizes of company, as Markdown with the arithmetic.
//
// In: prices, the figures of docs/architecture.md ("Cost"), assumptions that are printed with them, and the count of
// alarms in template.yaml. Out: the tables of infra/README.md, between its marks. Figures that nobody measured are
// assumptions, and are on the high side.

import { readFileSync } from 'node:fs';

import { PRICES } from './prices.ts';

const PEOPLE = [1_000, 10_000, 100_000, 1_000_000] as const;

const HOURS = 730;
const CYCLES = HOURS * 2;
const TURNS = HOURS * 60;

// Measured, docs/architecture.md: a created person costs so many write units; a quiet cycle two reads and three writes.
// The job's item, which they are about, has 7 KB at the worst.
const CHANGE_WRITES = 12.5;
const QUIET_WRITES = 3 * 7;
const QUIET_READS = 2 * 2;
const FULL_READ_PEOPLE_A_REQUEST = 500;

// Assumed.
const CHANGED = 0.05; // of all people in a month: joined, moved, left
const FILES = 30; // a new file of everyone each night
const CALLS_A_SECOND = 25; // the app answers
const PEOPLE_A_SECOND = 10_000; // read and compared: a tenth of what was measured on a whole core
const SYNC_GB = 0.5;
const TURN_SECONDS = 0.05;
const API_GB = 0.25;
const API_SECONDS = 0.1;
const API_REQUESTS = 10_000;
const TURN_LINE_KB = 1; // what one invocation writes into its log
const RECORD_KB = 2.5; // a provisioning record as a line
const LINES_COMPRESSED = 0.15;
const PERSON_KB = 6; // link, claim, snapshot, names, with index entries
const STORED_RECORD_KB = 3; // a record in the table with its index entries
const METRICS = 24; // of one application and the stack, as far as they are told all month

const alarms = countOfAlarmMetrics();

/** A line of the bill: what it counts, and how much that is for so many people. */
interface Line {
  readonly what: string;
  readonly arithmetic: string;
  readonly dollars: (people: number) => number;
}

const million = (count: number) => count / 1e6;
const gigabytes = (kilobytes: number) => kilobytes / 1e6;
const changes = (people: number) => people * CHANGED;
const callSeconds = (people: number) => changes(people) / CALLS_A_SECOND;
const readSeconds = (people: number) => (FILES * people) / PEOPLE_A_SECOND;
const stored = (people: number) => gigabytes(people * PERSON_KB + changes(people) * STORED_RECORD_KB);

const MONTHLY: readonly Line[] = [
  {
    what: 'Turns of the schedule: Lambda',
    arithmetic: `${TURNS} invocations, each ${TURN_SECONDS} s of ${SYNC_GB} GB`,
    dollars: () => invocations(TURNS, TURNS * TURN_SECONDS * SYNC_GB),
  },
  {
    what: 'Turns of the schedule: table and log',
    arithmetic: `${TURNS} × (2 read units + ${TURN_LINE_KB} KB of log)`,
    dollars: () => million(TURNS * 2) * PRICES.read.dollars + gigabytes(TURNS * TURN_LINE_KB) * PRICES.logIngestion.dollars,
  },
  {
    what: 'Cycles: Lambda and events',
    arithmetic: `${CYCLES} cycles of 1 s and 3 events; N × ${FILES} ÷ ${PEOPLE_A_SECOND} s to read, N × ${CHANGED} ÷ ${CALLS_A_SECOND} s to call, at ${SYNC_GB} GB`,
    dollars: (people) =>
      invocations(CYCLES, (CYCLES + readSeconds(people) + callSeconds(people)) * SYNC_GB) +
      million(CYCLES * 3) * PRICES.event.dollars,
  },
  {
    what: 'Cycles: table',
    arithmetic: `${CYCLES} × (${QUIET_WRITES} write + ${QUIET_READS} read units), and ${FILES} × N ÷ ${FULL_READ_PEOPLE_A_REQUEST} requests of 4 read units`,
    dollars: (people) =>
      million(CYCLES * QUIET_WRITES) * PRICES.write.dollars +
      million(CYCLES * QUIET_READS + ((FILES * people) / FULL_READ_PEOPLE_A_REQUEST) * 4) * PRICES.read.dollars,
  },
  {
    what: 'Changes: table',
    arithmetic: `N × ${CHANGED} × ${CHANGE_WRITES} write units`,
    dollars: (people) => million(changes(people) * CHANGE_WRITES) * PRICES.write.dollars,
  },
  {
    what: 'Changes: lines of records',
    arithmetic: `N × ${CHANGED} × ${RECORD_KB} KB taken in; twelve months of them kept, at ${LINES_COMPRESSED} of their size`,
    dollars: (people) => {
      const lines = gigabytes(changes(people) * RECORD_KB);
      return lines * PRICES.logIngestion.dollars + lines * 12 * LINES_COMPRESSED * PRICES.logStorage.dollars;
    },
  },
  {
    what: 'Storage and its backup',
    arithmetic: `N × ${PERSON_KB} KB, and a month of records of ${STORED_RECORD_KB} KB`,
    dollars: (people) => stored(people) * (PRICES.tableStorage.dollars + PRICES.tableBackup.dollars),
  },
  {
    what: 'API and console',
    arithmetic: `${API_REQUESTS} requests, each ${API_SECONDS} s of ${API_GB} GB and 60 read units`,
    dollars: () =>
      invocations(API_REQUESTS, API_REQUESTS * API_SECONDS * API_GB) +
      million(API_REQUESTS) * PRICES.apiRequest.dollars +
      million(API_REQUESTS * 60) * PRICES.read.dollars,
  },
  {
    what: 'Mail, a secret, reads of the source file',
    arithmetic: `30 mails, 1 secret, ${CYCLES} reads`,
    dollars: () => 0.03 * PRICES.mail.dollars + PRICES.secret.dollars + million(CYCLES) * PRICES.fileRead.dollars,
  },
  {
    what: 'Metrics',
    arithmetic: `${METRICS} metrics; with \`Metrics=stack\` half of them`,
    dollars: () => METRICS * PRICES.metric.dollars,
  },
  {
    what: 'Alarms and dashboard',
    arithmetic: `${alarms} metrics in alarms, 1 dashboard`,
    dollars: () => alarms * PRICES.alarmMetric.dollars + PRICES.dashboard.dollars,
  },
];

const ONCE: Line = {
  what: 'First cycle, once',
  arithmetic: `N × (${CHANGE_WRITES} write units + ${RECORD_KB} KB of lines + 1 ÷ ${CALLS_A_SECOND} s of ${SYNC_GB} GB)`,
  dollars: (people) =>
    million(people * CHANGE_WRITES) * PRICES.write.dollars +
    gigabytes(people * RECORD_KB) * PRICES.logIngestion.dollars +
    (people / CALLS_A_SECOND) * SYNC_GB * PRICES.lambdaTime.dollars,
};

function invocations(count: number, gigabyteSeconds: number): number {
  return million(count) * PRICES.lambdaRequest.dollars + gigabyteSeconds * PRICES.lambdaTime.dollars;
}

/** Each metric that an alarm looks at is paid for. */
function countOfAlarmMetrics(): number {
  const template = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
  const alone = template.match(/^ {6}MetricName: /gm) ?? [];
  const together = template.match(/^ {10}ReturnData: false/gm) ?? [];
  return alone.length + together.length;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function amounts(dollars: (people: number) => number): string[] {
  return PEOPLE.map((people) => dollars(people).toFixed(2));
}

function bill(): string[] {
  const total = (people: number) => MONTHLY.reduce((sum, line) => sum + line.dollars(people), 0);
  const header = ['A month, in dollars', 'Arithmetic; N are the people', ...PEOPLE.map((people) => people.toLocaleString('en-GB'))];
  const lines = MONTHLY.map(({ what, arithmetic, dollars }) => row([what, arithmetic, ...amounts(dollars)]));
  const sum = row(['**Together**', '', ...amounts(total).map((amount) => `**${amount}**`)]);
  return [
    row(header),
    row(header.map(() => '---')),
    ...lines,
    sum,
    row([ONCE.what, ONCE.arithmetic, ...amounts(ONCE.dollars)]),
  ];
}

function prices(): string[] {
  const rows = Object.values(PRICES).map(({ dollars, per, from }) => row([String(dollars), per, from]));
  return [row(['Dollars', 'for a', 'From']), row(['---', '---', '---']), ...rows];
}

console.log(['', ...bill(), '', 'With these list prices of us-east-1:', '', ...prices(), ''].join('\n'));
