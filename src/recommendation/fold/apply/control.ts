/** Control: changes to how Palate works that replay with everything else. */
import { type ConfigChanged, ConfigKind, type ModelInstalled } from '../../../../gen/palate/event/v1/control_pb.ts';
import type { Installed } from '../installed.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';

export const controlAppliers = {
  configChanged(tenant: TenantState, _: Occasion, value: ConfigChanged): void {
    installedOf(tenant, value.kind)?.set(value.name, value.bodyJson);
  },

  modelInstalled(tenant: TenantState, _: Occasion, value: ModelInstalled): void {
    tenant.models.set(`${value.kind}/${value.name}`, `${value.version}/${value.sha256}`);
  },
};

function installedOf(tenant: TenantState, kind: ConfigKind): Installed | undefined {
  if (kind === ConfigKind.PLACEMENT) return tenant.placements;
  if (kind === ConfigKind.STRATEGY) return tenant.strategies;
  return kind === ConfigKind.EXPERIMENT ? tenant.experiments : undefined;
}
