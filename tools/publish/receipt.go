package publish

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const receiptHead = "Duskpress receipt 1: this directory is replaced as a whole"

// A receipt marks a directory as published by us. It tells nothing of when,
// where or by whom, so that one site gives one set of bytes.
type receipt struct {
	Files int
	Tree  string   // see treeSum
	Dots  []string // top-level dot entries of the site itself, sorted
}

// owns reports whether a top-level entry is part of the site. A nil receipt
// stands for a directory that was never published: its dot entries are foreign.
func (r *receipt) owns(name string) bool {
	return !strings.HasPrefix(name, ".") || r != nil && slices.Contains(r.Dots, name)
}

// tree is the tree sum, or "" of a directory that was never published.
func (r *receipt) tree() string {
	if r == nil {
		return ""
	}
	return r.Tree
}

func newReceipt(files []File) *receipt {
	r := &receipt{Files: len(files)}
	sums := make(map[string]sum, len(files))
	for _, f := range files {
		sums[f.Path] = f.SHA256
		if top, _, _ := strings.Cut(f.Path, "/"); strings.HasPrefix(top, ".") && !slices.Contains(r.Dots, top) {
			r.Dots = append(r.Dots, top)
		}
	}
	slices.Sort(r.Dots)
	r.Tree = treeSum(sums)
	return r
}

func (r *receipt) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nfiles %d\ntree %s\n", receiptHead, r.Files, r.Tree)
	for _, d := range r.Dots {
		fmt.Fprintf(&b, "dot %s\n", strconv.Quote(d))
	}
	return b.Bytes()
}

// readReceipt returns fs.ErrNotExist if dir holds no receipt.
func readReceipt(dir string) (*receipt, error) {
	path := filepath.Join(dir, receiptName)
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseReceipt(io.LimitReader(f, 1<<20))
}

func parseReceipt(in io.Reader) (*receipt, error) {
	lines := bufio.NewScanner(in)
	if !lines.Scan() || lines.Text() != receiptHead {
		return nil, errors.New("not a receipt of format 1")
	}
	r := &receipt{Files: -1}
	for lines.Scan() {
		var err error
		switch key, value, _ := strings.Cut(lines.Text(), " "); key {
		case "files":
			r.Files, err = strconv.Atoi(value)
		case "tree":
			var b []byte
			if b, err = hex.DecodeString(value); err == nil && len(b) != sha256.Size {
				err = errors.New("wrong length")
			}
			r.Tree = value
		case "dot":
			value, err = strconv.Unquote(value)
			if reserved(value) || !strings.HasPrefix(value, ".") {
				err = errors.New("not an entry of a site")
			}
			r.Dots = append(r.Dots, value)
		default:
			err = errors.New("unknown line")
		}
		if err != nil {
			return nil, fmt.Errorf("damaged at %q: %w", lines.Text(), err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if r.Files < 0 || r.Tree == "" {
		return nil, errors.New("damaged: it ends too early")
	}
	return r, nil
}

// reserved reports whether a top-level name can never be part of a site.
func reserved(name string) bool {
	return strings.EqualFold(name, gitName) || strings.EqualFold(name, receiptName) ||
		strings.EqualFold(name, transitName)
}

// treeSum is sha256 over the lines "path NUL sha256-hex LF", sorted by path.
func treeSum(sums map[string]sum) string {
	paths := make([]string, 0, len(sums))
	for p := range sums {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	h := sha256.New()
	var line []byte
	for _, p := range paths {
		s := sums[p]
		line = append(append(line[:0], p...), 0)
		line = append(hex.AppendEncode(line, s[:]), '\n')
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}
