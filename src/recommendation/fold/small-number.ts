/**
 * The same number, whole ones of 31 bits in the form that takes no object of its own. What was read from an array of floats is
 * boxed, whatever its value is, and stays so in the object that it is kept in.
 */
export function smallNumber(value: number): number {
  return (value | 0) === value ? value | 0 : value;
}
