package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

type sum = [sha256.Size]byte

// A record tells how each file of a published tree looked, so that a change by
// hand is found without reading every file. There is one file for a destination
// and tree: while a swap is under way both the old and the new tree have theirs.
type record struct {
	Destination string   `json:"destination"`
	Files       []stamps `json:"files"`
}

type stamps struct {
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime"` // ns since 1970
	SHA256  string `json:"sha256"`
}

// state returns a path below the source's .duskpress directory.
func (s *Session) state(elem ...string) string {
	return filepath.Join(append([]string{s.source, ".duskpress"}, elem...)...)
}

func (s *Session) recordDir() string {
	h := sha256.Sum256([]byte(s.dest))
	return s.state("published", filepath.Base(s.dest)+"-"+hex.EncodeToString(h[:6]))
}

// loadRecord returns nil if there is no record of the tree, or none that can be
// trusted whole; then the tree sum has to do.
func (s *Session) loadRecord(tree string) map[string]stamps {
	if tree == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(s.recordDir(), tree+".json"))
	if err != nil {
		return nil
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Destination != s.dest {
		s.log.Debug("ignoring a damaged record of the published files", "stage", "publish", "tree", tree)
		return nil
	}
	files := make(map[string]stamps, len(r.Files))
	sums := make(map[string]sum, len(r.Files))
	for _, f := range r.Files {
		b, err := hex.DecodeString(f.SHA256)
		if err != nil || len(b) != sha256.Size {
			return nil
		}
		files[f.Path], sums[f.Path] = f, sum(b)
	}
	if treeSum(sums) != tree {
		return nil
	}
	return files
}

func (s *Session) saveRecord(tree string, files []File, seen map[string]node) error {
	r := record{Destination: s.dest, Files: make([]stamps, 0, len(files))}
	for _, f := range files {
		r.Files = append(r.Files, stamps{f.Path, f.Size, seen[f.Path].mtime, hex.EncodeToString(f.SHA256[:])})
	}
	data, err := json.Marshal(r)
	if err == nil {
		err = os.MkdirAll(s.recordDir(), 0o755)
	}
	if err == nil {
		err = writeFile(filepath.Join(s.recordDir(), tree+".json"), data)
	}
	if err != nil {
		return fmt.Errorf("recording the published files: %w", err)
	}
	return nil
}

// pruneRecords removes all records of the destination but that of tree.
func (s *Session) pruneRecords(tree string) {
	list, err := os.ReadDir(s.recordDir())
	for _, d := range list {
		if name := d.Name(); name != tree+".json" && name != tree+".seal" {
			err = errors.Join(err, os.Remove(filepath.Join(s.recordDir(), d.Name())))
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Debug("removing old records", "stage", "publish", "err", err)
	}
}

// writeFile replaces path in one step, after its bytes are on the disk.
func writeFile(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir is best effort: not every file system has it, and only a power cut
// would show the difference.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
