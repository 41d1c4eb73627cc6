// Where template.yaml does otherwise than the rules of cdk-nag's pack AwsSolutions, and why.
//
// In: the included template. Out: each exception acknowledged on the one resource that it is about, so that the same
// finding anywhere else still fails.

import { Validations } from 'aws-cdk-lib';
import type { CfnInclude } from 'aws-cdk-lib/cloudformation-include';

interface Exception {
  /** A logical id of template.yaml. */
  readonly resource: string;
  readonly rules: readonly string[];
  readonly reason: string;
}

const EXCEPTIONS: readonly Exception[] = [
];

export function acknowledge(template: CfnInclude): void {
  for (const { resource, rules, reason } of EXCEPTIONS) {
    const construct = template.getResource(resource);
    Validations.of(construct).acknowledge(...rules.map((id) => ({ id, reason })));
  }
}
