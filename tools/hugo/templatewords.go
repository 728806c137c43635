package hugo

import (
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/afero"
)

var templateWord = regexp.MustCompile(`[\pL_][\pL\d_-]*`)

// templateWords returns a function that reports whether any template of the
// site or its theme has a word in it, whatever its case. It reads them when it
// is first asked.
func (e *Engine) templateWords() func(string) bool {
	words := sync.OnceValue(func() map[string]bool {
		all := make(map[string]bool)
		fs := e.sites.BaseFs.Layouts.Fs
		_ = afero.Walk(fs, "", func(name string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return nil
			}
			if data, err := afero.ReadFile(fs, name); err == nil {
				for _, w := range templateWord.FindAll(data, -1) {
					all[strings.ToLower(string(w))] = true
				}
			}
			return nil
		})
		return all
	})
	return func(word string) bool { return words()[strings.ToLower(word)] }
}
