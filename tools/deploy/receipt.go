package deploy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Receipt says what was live, since when, and how that was proven. It is
// enough to prove it again.
type Receipt struct {
	ID          string          `json:"id"`
	Host        string          `json:"host"`
	Site        string          `json:"site"`
	Name        string          `json:"name,omitempty"` // of the site
	Target      string          `json:"target"`
	Fingerprint string          `json:"fingerprint"`
	URL         string          `json:"url"`  // of readers
	Seen        string          `json:"seen"` // the deploy's own address
	Verified    time.Time       `json:"verified"`
	Seq         int             `json:"seq"` // the order of receipts, whatever clocks do
	Published   time.Time       `json:"published,omitzero"`
	Proof       Proof           `json:"proof"`
	Files       map[string]File `json:"files"`
	// Rules are the bytes of the files that are not served, but have effects.
	Rules map[string][]byte `json:"rules"`
}

// keptReceipts is how many receipts are kept.
const keptReceipts = 50

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func receiptFile(state, id string) string {
	return filepath.Join(state, "receipts", id+".json")
}

func writeReceipt(state string, r *Receipt) error {
	if !idPattern.MatchString(r.ID) {
		return fmt.Errorf("the host calls a deploy %q, which is no name for a file", r.ID)
	}
	all, err := Heads(state)
	if err != nil {
		return err
	}
	r.Seq = 1
	if len(all) > 0 {
		r.Seq = all[0].Seq + 1
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := writeFile(receiptFile(state, r.ID), append(data, '\n')); err != nil {
		return err
	}
	if all, err = Heads(state); err != nil {
		return err
	}
	for _, old := range all[min(len(all), keptReceipts):] {
		_ = os.Remove(receiptFile(state, old.ID))
	}
	return nil
}

// ReadReceipt reads one receipt; fs.ErrNotExist where there is none.
func ReadReceipt(state, id string) (*Receipt, error) {
	if !idPattern.MatchString(id) {
		return nil, fs.ErrNotExist
	}
	data, err := os.ReadFile(receiptFile(state, id))
	if err != nil {
		return nil, err
	}
	r := new(Receipt)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("receipt %s: %w", id, err)
	}
	for name, f := range r.Files {
		f.Path = name
		r.Files[name] = f
	}
	return r, nil
}

// Heads are all receipts without their files and rules, the last verified first.
// Those of a large site have megabytes, and only the files of one are of use.
func Heads(state string) ([]*Receipt, error) {
	all, _, err := heads(state)
	return all, err
}

// heads also returns the ids of receipts that cannot be read.
func heads(state string) (all []*Receipt, damaged []string, err error) {
	entries, err := os.ReadDir(filepath.Join(state, "receipts"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !idPattern.MatchString(id) {
			continue
		}
		r, err := readHead(receiptFile(state, id))
		if err != nil || r.ID != id {
			damaged = append(damaged, id) // the rest is still good
			continue
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *Receipt) int {
		return cmp.Or(cmp.Compare(b.Seq, a.Seq), b.Verified.Compare(a.Verified), strings.Compare(a.ID, b.ID))
	})
	return all, damaged, nil
}

// readHead reads what stands before the files.
func readHead(name string) (*Receipt, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	fields := make(map[string]json.RawMessage)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		if key == "files" {
			break
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		fields[fmt.Sprint(key)] = value
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	r := new(Receipt)
	return r, json.Unmarshal(data, r)
}

// lastVerified is the newest receipt of a target, or nil. Without is an id that
// does not count.
func lastVerified(state, host, site, target, without string) (*Receipt, error) {
	all, err := Heads(state)
	if err != nil {
		return nil, err
	}
	for _, head := range all {
		if head.Host != host || head.Site != site || head.Target != target || head.ID == without {
			continue
		}
		if r, err := ReadReceipt(state, head.ID); err == nil {
			return r, nil
		} // damaged: the one before it is still good
	}
	return nil, nil
}
