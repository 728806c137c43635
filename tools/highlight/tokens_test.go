package highlight

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// chromaExamples are the texts of chroma's own tests, by the name of their file.
func chromaExamples(t testing.TB) map[string]string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/alecthomas/chroma/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "lexers", "testdata", "*.actual"))
	if err != nil || len(files) < 100 {
		t.Fatalf("chroma has only %d examples: %v", len(files), err)
	}
	m := make(map[string]string)
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m[strings.TrimSuffix(filepath.Base(f), ".actual")] = string(data)
	}
	return m
}

func tokensOf(t testing.TB, it chroma.Iterator, err error) (list []chroma.Token) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != nil {
			list = append(list, chroma.Token{Value: fmt.Sprint("panic: ", v)})
		}
	}()
	// Some lexers of chroma's give empty tokens for ever on some text.
	for tok := it(); tok != chroma.EOF && len(list) < 20000; tok = it() {
		list = append(list, tok)
	}
	return list
}

// compare holds the tokens of a language against chroma's; it reports whether
// the rules were taken, or chroma as it is.
func compare(t testing.TB, l language, code string) bool {
	t.Helper()
	rules, err := l.rules()
	if err != nil || rules == nil {
		return false
	}
	it, err := l.lexer.Tokenise(nil, code)
	want := tokensOf(t, it, err)
	got := tokensOf(t, rules.tokenise(code), nil)
	for i := range max(len(got), len(want)) {
		var g, w chroma.Token
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("%s: token %d is %v, chroma's is %v\n%q", l.key, i, g, w, code)
			return true
		}
	}
	return true
}

// Every lexer gives chroma's tokens: on chroma's examples of its language, on
// pieces of them, and on those of other languages.
func TestChromasTokens(t *testing.T) {
	examples := chromaExamples(t)
	var all []string
	ofLexer := make(map[chroma.Lexer][]string)
	for _, stem := range slices.Sorted(maps.Keys(examples)) {
		all = append(all, examples[stem])
		if lexer := lexers.Get(stem); lexer != nil {
			ofLexer[lexer] = append(ofLexer[lexer], examples[stem])
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	piece := func(s string, most int) string {
		r := []rune(s)
		if len(r) == 0 {
			return ""
		}
		at := random.IntN(len(r))
		return string(r[at:min(len(r), at+random.IntN(most)+1)])
	}
	taken := 0
	for _, lexer := range lexers.GlobalLexerRegistry.Lexers {
		name := lexer.Config().Name
		if name == privateName || strings.Contains(name, "Broken") {
			continue
		}
		l := lookup(name)
		ok := true
		for _, text := range ofLexer[lexer] {
			ok = ok && compare(t, l, text[:min(len(text), 12000)])
			for range 8 {
				ok = ok && compare(t, l, piece(text, 400))
			}
		}
		for range 4 {
			ok = ok && compare(t, l, piece(all[random.IntN(len(all))], 200))
		}
		ok = ok && compare(t, l, "\r\n\r\rx\n\x00\xff é\u2028日本 🦄\t\"'`")
		if ok {
			taken++
		}
	}
	t.Logf("%d of %d lexers", taken, len(lexers.GlobalLexerRegistry.Lexers))
	if taken < 230 {
		t.Errorf("only %d lexers are run by their rules", taken)
	}
}

// Those that most notes have.
func TestRulesAreFound(t *testing.T) {
	for _, name := range []string{"go", "python", "bash", "json", "yaml", "toml", "javascript", "typescript", "c", "c++", "rust", "java", "sql", "html", "css", "diff", "docker", "ini", "console", "xml", "ruby", "lua", "nix", "make"} {
		if rules, err := lookup(name).rules(); rules == nil {
			t.Errorf("the rules of %s are not found: %v", name, err)
		}
	}
}

func FuzzChromasTokens(f *testing.F) {
	langs := []string{"go", "python", "bash", "json", "yaml", "toml", "javascript", "c++", "rust", "sql", "html", "css", "diff", "docker", "ini", "xml", "ruby", "make"}
	for i, code := range []string{"x := 1 // é\n", "def f(x):\n  return 'a'\n", "for f in *; do echo \"$f\"; done", "{\"a\": [1, null]}", "a: b\n- c", "a\r\nb"} {
		f.Add(code, uint8(i))
	}
	f.Fuzz(func(t *testing.T, code string, lang uint8) {
		// Some rules look at the rest of the text at each byte; content that is not
		// UTF-8 is an error.
		if len(code) < 1000 && utf8.ValidString(code) {
			compare(t, lookup(langs[int(lang)%len(langs)]), code)
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	examples := chromaExamples(b)
	for _, name := range []string{"go", "python", "bash", "json", "javascript"} {
		code := examples[name]
		if len(code) < 300 {
			code = strings.Repeat("\tif x := f(\"it's\", 12); x > 0 { // say so\n\t\treturn fmt.Errorf(\"no %d\", x)\n\t}\n", 20)
		}
		l := lookup(name)
		rules, err := l.rules()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/rules", func(b *testing.B) {
			b.SetBytes(int64(len(code)))
			b.ReportAllocs()
			for b.Loop() {
				tokensOf(b, rules.tokenise(code), nil)
			}
		})
		b.Run(name+"/chroma", func(b *testing.B) {
			b.SetBytes(int64(len(code)))
			b.ReportAllocs()
			for b.Loop() {
				it, err := l.lexer.Tokenise(nil, code)
				tokensOf(b, it, err)
			}
		})
	}
}

// An expression that takes too long for lack of a processor matches in the end;
// one that runs wild does not, and is not waited for again and again.
func TestSlowMatches(t *testing.T) {
	lexer := chroma.MustNewLexer(&chroma.Config{Name: "Slow in test"}, func() chroma.Rules {
		return chroma.Rules{"root": {
			{Pattern: `(x+x+)+y`, Type: chroma.Keyword},
			{Pattern: `.`, Type: chroma.Text},
		}}
	})
	rules, err := rulesOf(lexer)
	if err != nil || rules == nil {
		t.Fatal(rules, err)
	}
	list := rules.state("root").ascii['x']
	r := rules.run("root", strings.Repeat("x", 60)+"z")
	list[0].Regexp.MatchTimeout = time.Millisecond // as if the machine were busy
	start := time.Now()
	if found, _, _ := r.firstMatch(list); found != list[1] || !r.wild[list[0]] {
		t.Errorf("%v matches, given up: %v", found, r.wild)
	}
	first := time.Since(start)
	start = time.Now()
	for range 3 {
		if found, _, _ := r.firstMatch(list); found != list[1] {
			t.Errorf("%v matches", found)
		}
	}
	t.Logf("%v, then three times in %v", first, time.Since(start))

	tries := rules.run("root", "xxy")
	if match := tries.again(list[0]); match == nil || match.RuneLength != 3 || len(tries.wild) > 0 {
		t.Errorf("a second try gives %v", match)
	}
}
