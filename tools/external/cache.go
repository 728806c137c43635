package external

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Cache keeps results between runs, in a file of JSON lines.
type Cache struct {
	// MaxAge is how long an address that answered is not asked again, and Retry
	// how long one that did not.
	MaxAge, Retry time.Duration

	results map[string]Result
}

// forget is when a result that nobody asked for is dropped.
const forget = 90 * 24 * time.Hour

// Load reads a cache. One that is not there, or lines that are no results, are
// as if nothing had been asked.
func (c *Cache) Load(name string) error {
	c.results = make(map[string]Result)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r Result
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.URL != "" {
			c.results[r.URL] = r
		}
	}
	return nil
}

// Get is the result for an address, if it is young enough.
func (c *Cache) Get(address string, now time.Time) (Result, bool) {
	r, ok := c.results[address]
	age := now.Sub(r.Checked)
	limit := c.MaxAge
	if r.Outcome == Failed || r.Outcome == Gone {
		limit = c.Retry
	}
	if !ok || age < 0 || age >= limit {
		return Result{}, false
	}
	r.Cached = true
	return r, true
}

// Put keeps a result.
func (c *Cache) Put(r Result) { c.results[r.URL] = r }

// Save writes the cache in one step.
func (c *Cache) Save(name string, now time.Time) error {
	var list []Result
	for _, r := range c.results {
		if now.Sub(r.Checked) < forget {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Result) int { return strings.Compare(a.URL, b.URL) })
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range list {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "external-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Results are all that is kept, however old, sorted by address.
func (c *Cache) Results() []Result {
	list := make([]Result, 0, len(c.results))
	for _, r := range c.results {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Result) int { return strings.Compare(a.URL, b.URL) })
	return list
}
