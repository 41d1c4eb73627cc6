// Rollcall as a CDK construct: template.yaml, with the functions' code and the values of its parameters.
//
// In: where the built functions are, and values for parameters by the names that template.yaml gives them. Out: the
// template's resources, under the template's logical ids. Promised: nothing is said twice; what is deployed by this is what
// `sam deploy` deploys. The parameters stay parameters, so that CloudFormation checks their values, alone and together,
// before it makes anything.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CfnOutput } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnFunction } from 'aws-cdk-lib/aws-sam';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { Construct } from 'constructs';

import { acknowledge } from './exceptions.ts';

const TEMPLATE = fileURLToPath(new URL('../../template.yaml', import.meta.url));

/** The functions, by their logical ids: `sam build` gives each a folder of this name. */
const FUNCTIONS = ['SyncFunction', 'QueryFunction', 'ControlFunction', 'NotifierFunction'];

/** What a parameter can be given. A list becomes text with commas between. */
export type Value = string | number | boolean | readonly string[];

export interface RollcallProps {
  /** The folder that `sam build` filled (`.aws-sam/build`), or one like it: a `bootstrap` below each function's name. */
  readonly code: string;
  /** Values for parameters of template.yaml; the others have their defaults. */
  readonly parameters?: Readonly<Record<string, Value>>;
}

/** One Rollcall. It takes a stack of its own: logical ids and parameters are the template's. */
export class Rollcall extends Construct {
  /** The template, for whatever this class has no name for. */
  readonly template: CfnInclude;
  /** The bucket that source files are uploaded to. */
  readonly inbox: IBucket;
  /** The bus that events are told on, for rules of your own. */
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, props: RollcallProps) {
    super(scope, id);
    this.template = new CfnInclude(this, 'Template', { templateFile: TEMPLATE });
    for (const [name, value] of Object.entries(props.parameters ?? {})) {
      this.template.getParameter(name).default = text(value);
    }
    for (const name of FUNCTIONS) {
      const path = join(props.code, name);
      if (!existsSync(join(path, 'bootstrap'))) {
        throw new Error(`there is no ${join(path, 'bootstrap')}; run 'sam build' first, or say where the code is`);
      }
      const asset = new Asset(this, name, { path });
      const lambda = this.template.getResource(name) as CfnFunction;
      lambda.codeUri = { bucket: asset.s3BucketName, key: asset.s3ObjectKey };
    }
    this.inbox = Bucket.fromCfnBucket(this.template.getResource('InboxBucket') as CfnBucket);
    this.bus = EventBus.fromEventBusName(this, 'Bus', this.template.getResource('Bus').ref);
    acknowledge(this.template);
  }

  /** The value of one of the template's outputs, such as `ConsoleUrl`. */
  output(name: string): CfnOutput {
    return this.template.getOutput(name);
  }
}

function text(value: Value): string {
  return typeof value === 'object' ? value.join(',') : String(value);
}
