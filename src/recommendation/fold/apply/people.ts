/** People: what is known of a user, who a visitor turned out to be, what they allow, and that they are gone. */
import type {
  ConsentChanged,
  IdentityMerged,
  UserErased,
  UserUpserted,
} from '../../../../gen/palate/event/v1/user_pb.ts';
import { trimSet } from '../bounded.ts';
import { forgetPerson } from '../forgetting.ts';
import { joinPeople } from '../joining.ts';
import { owned } from '../person.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { attributesOf } from './values.ts';

export const peopleAppliers = {
  userUpserted(tenant: TenantState, { person }: Occasion, value: UserUpserted): void {
    if (person !== -1) tenant.people.record(person).attributes = attributesOf(value.attributes);
  },

  identityMerged(tenant: TenantState, occasion: Occasion, _: IdentityMerged): void {
    const { userId, visitorId, person: user } = occasion;
    if (userId === '' || visitorId === '') return;
    const visitor = tenant.people.identify(visitorId, user);
    if (visitor !== undefined) joinPeople(tenant, visitor, user);
    const visitorIds = owned(tenant.people.record(user), 'visitorIds');
    const oldest = trimSet(visitorIds.add(visitorId), tenant.settings.visitorsPerPerson);
    if (oldest !== undefined) tenant.people.forgetVisitorId(oldest, user);
  },

  consentChanged(tenant: TenantState, { person }: Occasion, value: ConsentChanged): void {
    if (person !== -1) tenant.people.setPersonalised(person, value.personalised);
  },

  /** What {@link forgetPerson} leaves, a replay takes away. */
  userErased(tenant: TenantState, { person }: Occasion, _: UserErased): void {
    tenant.erasures++;
    if (person !== -1) forgetPerson(tenant, person);
  },
};
