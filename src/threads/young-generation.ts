import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 make all objects young. By default it makes those of a place in the code old at once where earlier ones lived long; what
 * an old one points to outlives each young collection, dead or not. In a server the calls that a collection happens
 * to meet are such, and soon the others with them: of the 44 KB that a `Recommend` makes, 6 to 7 came to be old, 1.6 without this; the young
 * collections of 30,000 calls took 200 to 330 ms, and then 66. To be called before there is code to be compiled.
 *
 * Some functions V8 makes old all the same, and then all that they can reach outlives each young collection: the getters of an object
 * literal, always; a function that is written where it is assigned to a property (`call.onEnd = () => …`), until the code around
 * it is optimised. So what is made for each call, batch or event has neither: a class has the getter, and the function
 * gets a name of its own before it is assigned. Two million objects with a getter: 255 to 367 MB came to be old; with a class 0.1.
 */
export function keepYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
