// An example app: a stack for each environment, judged by cdk-nag before anything is deployed.
//
//   npm ci && npx cdk deploy rollcall-test        after `sam build` in the folder above

import { fileURLToPath } from 'node:url';

import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

import { Rollcall } from '../lib/rollcall.ts';
import { ENVIRONMENTS } from './environments.ts';

const BUILT = fileURLToPath(new URL('../../.aws-sam/build', import.meta.url));

const app = new App();
for (const { stack: name, parameters, ...env } of ENVIRONMENTS) {
  const stack = new Stack(app, name, {
    env,
    description: 'Rollcall: keeps the accounts of a company\'s apps in step with its directory.',
  });
  new Rollcall(stack, 'Rollcall', { code: process.env['ROLLCALL_CODE'] ?? BUILT, parameters });
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
