package generator

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// formatted remembers which texts are drafts in Go's format. Formatting is half of
// the work of a run that changes nothing, and always gives the same, so that a
// draft and a file that once were a pair are one for ever. Of each pair it keeps a
// hash; what is lost costs nothing but time.
type formatted struct {
	file string // where the hashes are; empty to remember nothing

	mu    sync.Mutex
	known map[pairHash]bool
	added []byte
}

type pairHash [sha256.Size]byte

// maxHashes is how large the file may become before it is begun anew.
const maxHashes = 1 << 21

// openFormatted reads what is remembered in a folder.
func openFormatted(dir string) *formatted {
	f := &formatted{known: map[pairHash]bool{}}
	if dir == "" {
		return f
	}
	f.file = filepath.Join(dir, "formatted")
	content, _ := os.ReadFile(f.file)
	for ; len(content) >= sha256.Size; content = content[sha256.Size:] {
		f.known[pairHash(content[:sha256.Size])] = true
	}
	return f
}

// hashPair depends on all that formatting depends on. Line ends are those of the
// checkout.
func hashPair(draft, text []byte) pairHash {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(runtime.Version()), draft, bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return pairHash(h.Sum(nil))
}

// is reports whether text is known to be the draft in Go's format.
func (f *formatted) is(draft, text []byte) bool {
	hash := hashPair(draft, text)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[hash]
}

// add remembers that text is the draft in Go's format.
func (f *formatted) add(draft, text []byte) {
	hash := hashPair(draft, text)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.known[hash] {
		f.known[hash] = true
		f.added = append(f.added, hash[:]...)
	}
}

// save writes what was added. It does not matter if it cannot.
func (f *formatted) save() {
	if f.file == "" || len(f.added) == 0 {
		return
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if info, err := os.Stat(f.file); err == nil && (info.Size()%sha256.Size != 0 || info.Size() > maxHashes) {
		flags |= os.O_TRUNC
	}
	if os.MkdirAll(filepath.Dir(f.file), 0o755) != nil {
		return
	}
	file, err := os.OpenFile(f.file, flags, 0o644)
	if err != nil {
		return
	}
	_, _ = file.Write(f.added)
	_ = file.Close()
}
