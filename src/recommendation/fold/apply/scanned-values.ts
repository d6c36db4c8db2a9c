/** Values of the contract as a scanner has read them. */
import type { ScanLayout } from '../../../events/scan-layout.ts';
import type { EventScanner } from '../../../events/scanner.ts';
import { type Price, sharedCode } from '../price.ts';
import { smallNumber } from '../small-number.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Line } from './values.ts';

/** The slot of a field, which the scanner is to read. */
export function wanted(layout: ScanLayout, localName: string): number {
  layout.want(localName);
  return layout.slot(localName);
}

/** The number of the item whose id is in the slot. */
export function itemOf(tenant: TenantState, event: EventScanner, slot: number): number {
  return tenant.catalogue.internBytes(event.bytes, event.from(slot), event.to(slot));
}

/** Makes a function that reads a field of type Money; undefined: it is not set. */
export function priceReader(layout: ScanLayout, localName: string): (event: EventScanner) => Price | undefined {
  const price = wanted(layout, localName);
  const currency = wanted(layout.child(localName), 'currencyCode');
  const micros = wanted(layout.child(localName), 'micros');
  return (event) => {
    if (!event.has(price)) return undefined;
    // A scanner leaves amounts that a number does not hold to whoever decodes the event.
    return { currencyCode: sharedCode(event.text(currency)), micros: smallNumber(event.number(micros)) };
  };
}

/** Makes a function that reads the payload's lines, a list of OrderLine. */
export function linesReader(payload: ScanLayout): (tenant: TenantState, event: EventScanner) => Line[] {
  payload.want('lines');
  const line = payload.child('lines');
  const itemId = wanted(line, 'itemId');
  const quantity = wanted(line, 'quantity');
  const unitPrice = priceReader(line, 'unitPrice');
  return (tenant, event) => {
    const lines: Line[] = [];
    for (let i = 0; i < event.elements; i++) {
      event.readElement(line, i);
      const item = itemOf(tenant, event, itemId);
      lines.push({ item, quantity: smallNumber(event.number(quantity, 1)), unitPrice: unitPrice(event) });
    }
    return lines;
  };
}
