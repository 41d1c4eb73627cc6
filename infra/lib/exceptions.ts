// Where template.yaml does otherwise than the rules of cdk-nag's pack AwsSolutions, and why.
//
// In: the included template. Out: each exception acknowledged on the one resource, and for the one permission, that it is
// about, so that the same finding anywhere else still fails.

import { Stack, Validations } from 'aws-cdk-lib';
import type { CfnInclude } from 'aws-cdk-lib/cloudformation-include';

interface Exception {
  /** Logical ids of template.yaml. */
  readonly resources: readonly string[];
  readonly rule: string;
  readonly reason: string;
}

/** Secrets whose names begin with the prefix, and go on so. */
const secrets = (more: string): string =>
  `AwsSolutions-IAM5[Resource::["arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:\${Prefix}${more}*",` +
  '{"Prefix":{"Fn::If":["HasSecretPrefix",{"Ref":"SecretPrefix"},{"Fn::Sub":"${AWS::StackName}/"}]}}]]';

const EXCEPTIONS: readonly Exception[] = [
  {
    resources: ['Health', 'ApiDescription'],
    rule: 'AwsSolutions-APIG4',
    reason: 'Tell nothing of anybody: whether the function answers, and what paths the API has.',
  },
  {
    resources: ['Home', 'Pages', 'SignOut', 'Forms'],
    rule: 'AwsSolutions-APIG4',
    reason: 'The console: a browser shows an encrypted cookie, which the function checks, and no token to the gateway.',
  },
  {
    resources: ['Users'],
    rule: 'AwsSolutions-COG8',
    reason: 'Everybody signs in with a second factor, and nobody signs up: what the plan Plus adds costs more than the stack.',
  },
  {
    resources: ['InboxBucket', 'ExportBucket', 'ArchiveBucket'],
    rule: 'AwsSolutions-S1',
    reason: 'Who read a file is in CloudTrail for whoever records data events; a bucket of access logs would need one, too.',
  },
  {
    resources: ['SyncDeadLetters', 'NotifierDeadLetters'],
    rule: 'AwsSolutions-SQS3',
    reason: 'They are the dead-letter queues: of rules and of functions, where the rule does not look.',
  },
  {
    resources: ['SyncRole', 'QueryRole'],
    rule: 'AwsSolutions-IAM5[Resource::<LogsTable.Arn>/index/*]',
    reason: 'All six indexes of the table are asked.',
  },
  {
    resources: ['SyncRole', 'QueryRole'],
    rule: 'AwsSolutions-IAM5[Resource::<ExportBucket.Arn>/exports/*]',
    reason: 'Each export has a name of its own.',
  },
  {
    resources: ['SyncRole'],
    rule: 'AwsSolutions-IAM5[Resource::<InboxBucket.Arn>/*]',
    reason: 'Which files are sources is said in the applications, not in the template.',
  },
  {
    resources: ['MayReadSourceBucket'],
    rule: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::<SourceBucket>/*]',
    reason: 'Which files are sources is said in the applications, not in the template.',
  },
  {
    resources: ['SyncRole', 'ControlRole'],
    rule: secrets(''),
    reason: 'Secrets come and go with applications; their names begin with the prefix that is set aside for them.',
  },
  {
    resources: ['SyncRole'],
    rule: secrets('????????-????-????-????-????????????/'),
    reason: 'Those of a deleted application go with it; each has its id in its name.',
  },
  {
    resources: ['NotifierRole'],
    rule: secrets('webhook'),
    reason: 'So do the keys of webhooks, and notifier reads no other secret.',
  },
  {
    resources: ['MayBeTraced', 'MayJoinTheNetwork', 'MaySendMail'],
    rule: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'X-Ray, the network interfaces of Lambda, and the quota of SES take no narrower resource.',
  },
  {
    resources: ['ArchiveStreamRole'],
    rule: 'AwsSolutions-IAM5[Resource::<ArchiveBucket.Arn>/*]',
    reason: 'Firehose names the files, by day.',
  },
];

/** Findings of CDK itself, which takes the defaults of parameters for their values, and the empty text for a missing one. */
const MISTAKEN: readonly Exception[] = [
  {
    resources: [
      'FailureSpikes',
      'RemovalSpikes',
      'Silence',
      'Overdue',
      'SyncLeavesDeadLetters',
      'MailFails',
      'FunctionErrors',
      'FunctionThrottles',
      'FunctionPanics',
    ],
    rule: 'CloudFormation-Validate::F3033',
    reason: 'AlarmTopic is only told where it is given.',
  },
];

export function acknowledge(template: CfnInclude): void {
  for (const { resources, rule, reason } of [...EXCEPTIONS, ...MISTAKEN]) {
    for (const resource of resources) {
      Validations.of(template.getResource(resource)).acknowledge({ id: rule, reason });
    }
  }
  Validations.of(Stack.of(template)).acknowledge(
    { id: 'CloudFormation-Validate::W1001', reason: 'What stands in an Fn::If is there whenever it is taken.' },
    { id: 'CloudFormation-Validate::W2509', reason: 'SecretPrefix is how names of secrets begin, and no secret.' },
  );
}
