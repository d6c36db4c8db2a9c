/** The thread that writes objects to the disk, one after the other. */
import { serveRequests } from '../../threads/serve-requests.ts';
import { writeObject } from './write-object.ts';

serveRequests({ write: writeObject });
