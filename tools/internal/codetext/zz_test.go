package codetext
import ("testing";"fmt";"time";"github.com/alecthomas/chroma/v2/lexers"; "github.com/alecthomas/chroma/v2"; "github.com/yuin/goldmark/ast"; "github.com/yuin/goldmark/text";"strings";"context")
func TestDump(t *testing.T){
	bad := map[string]bool{}
	for seed := range uint64(3) { for i := range 300 {
		src := []byte(strings.ReplaceAll(Generate(seed+1,i).Body,"\r\n","\n"))
		ast.Walk(markdown.Parser().Parse(text.NewReader(src)), func(n ast.Node, e bool) (ast.WalkStatus, error) {
			if f, ok := n.(*ast.FencedCodeBlock); ok && e {
				var b strings.Builder
				for k := range f.Lines().Len() { l := f.Lines().At(k); b.Write(l.Value(src)) }
				code := strings.TrimRight(b.String(),"\n")
				if code != "" { code += "\n" }
				lang, _, _ := strings.Cut(string(f.Language(src)), "{")
				lx := lexers.Get(lang)
				if lx == nil || bad[lx.Config().Name] { return ast.WalkContinue, nil }
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				defer cancel()
				done := make(chan string, 1)
				go func(){
					var out strings.Builder
					it, err := lx.Tokenise(nil, code)
					if err != nil { done <- "ERR "+err.Error(); return }
					n := 0
					for tok := it(); tok != chroma.EOF; tok = it() { if ctx.Err() != nil {return}; n++; if n > 2000000 { done <- "ENDLESS"; return }; out.WriteString(tok.Value) }
					if out.String() != code { done <- fmt.Sprintf("LOST %q for %q", out.String(), code); return }
					done <- ""
				}()
				start := time.Now()
				select { case s := <-done: 
					if s != "" || time.Since(start) > 500*time.Millisecond { fmt.Printf("%s: %s %v code %.300q\n", lx.Config().Name, s, time.Since(start), code); if strings.HasPrefix(s,"END") {bad[lx.Config().Name]=true} }
				case <-ctx.Done(): fmt.Printf("HANG %s: lang %q code %.400q\n", lx.Config().Name, lang, code); bad[lx.Config().Name]=true }
			}
			return ast.WalkContinue, nil
		})
	}}
}
