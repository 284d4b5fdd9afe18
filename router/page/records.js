// The records of /wall: a head of 16 bytes, numbers in big endian, and a body. See the README.
const HEAD = 16;

// A RecordReader finds whole records in the pieces in which an answer arrives.
export class RecordReader {
  constructor() {
    this.buffer = new Uint8Array(1 << 18);
    this.start = 0; // of what is not read yet
    this.end = 0;
  }

  // add returns the records that are complete with a piece. Their bodies are valid until the next one is added.
  add(piece) {
    this.makeRoom(piece.length);
    this.buffer.set(piece, this.end);
    this.end += piece.length;
    const records = [];
    while (this.end - this.start >= HEAD) {
      const head = new DataView(this.buffer.buffer, this.start, HEAD);
      const next = this.start + HEAD + head.getUint32(4);
      if (next > this.end) break;
      records.push({
        type: head.getUint8(0),
        tile: head.getUint16(2),
        time: Number(head.getBigUint64(8)) / 1000, // milliseconds since 1970
        body: this.buffer.subarray(this.start + HEAD, next),
      });
      this.start = next;
    }
    return records;
  }

  makeRoom(length) {
    const kept = this.buffer.subarray(this.start, this.end);
    if (this.end + length > this.buffer.length) {
      const size = kept.length + length;
      const buffer = size > this.buffer.length ? new Uint8Array(2 * size) : this.buffer;
      if (buffer === this.buffer) buffer.copyWithin(0, this.start, this.end);
      else buffer.set(kept);
      this.buffer = buffer;
      this.start = 0;
      this.end = kept.length;
    }
  }
}
