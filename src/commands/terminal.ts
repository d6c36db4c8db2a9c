/** The ends of a process that a command reads and writes, small enough for a test to stand in. */

export interface Output {
  write(text: string): unknown;
  readonly isTTY: boolean;
  /** Width in columns; 80 where no terminal looks on. */
  readonly columns: number;
}

/** Standard input: chunks of bytes. */
export interface Input extends AsyncIterable<Uint8Array> {
  readonly isTTY: boolean;
}

/** An output over a stream of the process. Its width follows the window. */
export function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.isTTY === true ? stream.columns : 80;
    },
  };
}

/** An input over a stream of the process, opened when it is first read. */
export function inputOf(open: () => NodeJS.ReadStream): Input {
  return {
    get isTTY() {
      return open().isTTY === true;
    },
    [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
  };
}
