// Read an exported log with Go's own checksum-database code: the head as a signed
// note, every entry's inclusion, consistency between several sizes.
//
//	readlog DIR VKEY
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

// The path of a tile or, at level -1, a bundle of entries (C2SP tlog-tiles).
func path(level int, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 256 {
		name += ".p/" + strconv.Itoa(width)
	}
	if level < 0 {
		return "tile/entries/" + name
	}
	return fmt.Sprintf("tile/%d/%s", level, name)
}

type tiles struct {
	dir  string
	kept map[string][]byte
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(wanted))
	for i, tile := range wanted {
		name := path(tile.L, tile.N, tile.W)
		data, known := t.kept[name]
		if !known {
			var err error
			data, err = os.ReadFile(filepath.Join(t.dir, name))
			if err != nil {
				return nil, err
			}
			t.kept[name] = data
		}
		all[i] = data
	}
	return all, nil
}

func (t *tiles) SaveTiles(saved []tlog.Tile, data [][]byte) {}

func main() {
	dir := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	check(err, "vkey")
	bytes, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	check(err, "checkpoint")
	head, err := note.Open(bytes, note.VerifierList(verifier))
	check(err, "checkpoint")
	lines := strings.Split(head.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		check(fmt.Errorf("%q", head.Text), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "root")
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	reader := tlog.TileHashReader(tree, &tiles{dir, map[string][]byte{}})

	// Every entry, and the proof that it is in the tree.
	var sizes []int64
	var roots []tlog.Hash
	for bundle := int64(0); bundle*256 < size; bundle++ {
		width := int(min(256, size-bundle*256))
		data, err := os.ReadFile(filepath.Join(dir, path(-1, bundle, width)))
		check(err, "entries")
		for i := 0; i < width; i++ {
			index := bundle*256 + int64(i)
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				check(fmt.Errorf("bundle %d is cut off", bundle), "entries")
			}
			n := 2 + int(binary.BigEndian.Uint16(data))
			hash := tlog.RecordHash(data[2:n])
			data = data[n:]
			proof, err := tlog.ProveRecord(size, index, reader)
			check(err, "proof of "+strconv.FormatInt(index, 10))
			check(tlog.CheckRecord(proof, size, tree.Hash, index, hash), "inclusion of "+strconv.FormatInt(index, 10))
		}
		if len(data) != 0 {
			check(fmt.Errorf("bundle %d is too long", bundle), "entries")
		}
	}

	// Smaller trees are its past.
	for n := int64(1); n <= size; n += 1 + n*n/97%1999 {
		hash, err := tlog.TreeHash(n, reader)
		check(err, "root")
		sizes, roots = append(sizes, n), append(roots, hash)
		proof, err := tlog.ProveTree(size, n, reader)
		check(err, "proof of consistency")
		check(tlog.CheckTree(proof, size, tree.Hash, n, hash), "consistency with "+strconv.FormatInt(n, 10))
	}
	for i := 1; i < len(sizes); i++ {
		proof, err := tlog.ProveTree(sizes[i], sizes[i-1], reader)
		check(err, "proof of consistency")
		check(tlog.CheckTree(proof, sizes[i], roots[i], sizes[i-1], roots[i-1]), "consistency")
	}
	fmt.Printf("%d entries, %d consistencies\n", size, 2*len(sizes)-1)
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
