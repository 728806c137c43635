package hugo

import (
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unicode/utf8"

	hugoinfo "github.com/gohugoio/hugo/common/hugo"

	"duskpress/tools/pipeline"
)

var (
	goLine   = regexp.MustCompile(`^go\s+(1\.\S+)`)
	hugoLine = regexp.MustCompile(`^(?:require\s+)?github\.com/gohugoio/hugo\s+v(\d\S*)`)
)

// checkGoMod compares what the site's go.mod asks for with what this tool is: one
// that was compiled before an upgrade would go on publishing as it did.
func (e *Engine) checkGoMod() {
	data, err := os.ReadFile(filepath.Join(e.opts.Source, "go.mod"))
	if err != nil {
		return // there need be none
	}
	for n, raw := range strings.Split(string(data), "\n") {
		line := strings.TrimLeft(raw, " \t")
		found := func(m []int, rule, message, hint string) {
			e.problems.Add(pipeline.Problem{
				File: "go.mod", Line: n + 1, Column: 1 + len(raw) - len(line) + utf8.RuneCountInString(line[:m[2]]),
				Severity: pipeline.Warning, Rule: rule, Message: message, Hint: hint,
			})
		}
		if m := goLine.FindStringSubmatchIndex(line); m != nil && version.Compare("go"+line[m[2]:m[3]], runtime.Version()) > 0 {
			found(m, "go-version", fmt.Sprintf("the site asks for Go %s, and this tool was made with %s", line[m[2]:m[3]], runtime.Version()), "install that Go, and compile the tool anew")
		}
		// Compare is positive where the other version is newer.
		if m := hugoLine.FindStringSubmatchIndex(line); m != nil && hugoinfo.CurrentVersion.Compare(line[m[2]:m[3]]) > 0 {
			found(m, "hugo-version", fmt.Sprintf("the site asks for Hugo %s, and this tool has %s", line[m[2]:m[3]], Version()), "compile the tool anew, or take the version that it has")
		}
	}
}
