package router_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"testing"
	"time"
)

// A record is one of a wall's.
type record struct {
	kind, flags byte
	tile        int
	time        time.Time
	body        []byte
}

func readRecord(r io.Reader) (record, error) {
	var head struct {
		Kind, Flags byte
		Tile        uint16
		Length      uint32
		Micros      int64
	}
	if err := binary.Read(r, binary.BigEndian, &head); err != nil {
		return record{}, err
	}
	rec := record{head.Kind, head.Flags, int(head.Tile), time.UnixMicro(head.Micros), make([]byte, head.Length)}
	_, err := io.ReadFull(r, rec.body)
	return rec, err
}

// tileState is a record's of kind 1.
type tileState struct {
	State, Reason string
	FPS           float64
	Still         bool
	Width, Height int
	Age           *float64
}

// watch reads a wall's records until one is what is waited for, and returns all.
func watch(t *testing.T, r io.Reader, until func(all []record) bool) []record {
	t.Helper()
	var all []record
	for !until(all) {
		rec, err := readRecord(r)
		if err != nil {
			t.Fatalf("after %d records: %v", len(all), err)
		}
		all = append(all, rec)
	}
	return all
}

func count(all []record, kind byte, tile int) (n int) {
	for _, r := range all {
		if r.kind == kind && r.tile == tile {
			n++
		}
	}
	return n
}

// lastState is the newest state of a tile.
func lastState(t *testing.T, all []record, tile int) (s tileState) {
	t.Helper()
	for _, r := range all {
		if r.kind == 1 && r.tile == tile {
			s = tileState{}
			if err := json.Unmarshal(r.body, &s); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// checkPictures fails unless all pictures are whole, in their order, and say truly when they were taken.
func checkPictures(t *testing.T, all []record) {
	t.Helper()
	had := map[int]time.Time{}
	for _, r := range all[1:] {
		switch {
		case r.flags != 0:
			t.Errorf("flags %d", r.flags)
		case r.kind == 0 && (!bytes.HasPrefix(r.body, []byte{0xff, 0xd8}) || !bytes.HasSuffix(r.body, []byte{0xff, 0xd9})):
			t.Errorf("%d bytes that are no picture", len(r.body))
		case r.kind == 0 && (!r.time.After(had[r.tile]) || time.Since(r.time) > 20*time.Second):
			t.Errorf("tile %d: a picture of %v after one of %v", r.tile, r.time, had[r.tile])
		}
		if r.kind == 0 {
			had[r.tile] = r.time
		}
	}
}
