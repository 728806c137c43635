package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A corpus is a site that these figures make, the same at each run.
type corpus struct {
	Posts  int     `json:"posts"`
	Bytes  int     `json:"bytes"`
	Code   float64 `json:"code"`
	Tags   int     `json:"tags"`
	Images int     `json:"images"`
	Seed   int64   `json:"seed"`
	Cards  bool    `json:"cards"`
	Theme  string  `json:"theme"`
}

// write makes the corpus in dir, in place of what is there.
func (c *corpus) write(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	files := map[string]string{
		"content/about.md":            "---\ntitle: About\n---\n\n" + c.text(c.random(-1), 900),
		"content/archive.md":          "---\ntitle: Archive\nlayout: archive\n---\n",
		"content/search.md":           "---\ntitle: Search\nlayout: search\n---\n",
		"content/posts/_index.md":     "---\ntitle: Posts\n---\n",
		"config.toml":                 plainConfig,
		"assets/css/base.css":         plainStyle,
		"layouts/baseof.html":         plainBase,
		"layouts/page.html":           plainPage,
		"layouts/list.html":           plainList,
		"layouts/_partials/tags.html": plainTags,
	}
	if c.Theme == "duskpress" {
		root, err := moduleRoot()
		if err != nil {
			return err
		}
		for name := range files {
			if strings.HasPrefix(name, "layouts/") || strings.HasPrefix(name, "assets/") {
				delete(files, name)
			}
		}
		for _, name := range []string{"theme", "layouts"} {
			if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
				return err
			}
		}
		config, err := os.ReadFile(filepath.Join(root, "config.toml"))
		if err != nil {
			return err
		}
		files["config.toml"] = string(config)
		if !c.Cards {
			const key = `cards = "auto"`
			if !strings.Contains(files["config.toml"], key) {
				return fmt.Errorf("config.toml has no %s", key)
			}
			files["config.toml"] = strings.Replace(files["config.toml"], key, `cards = "false"`, 1)
		}
	} else {
		delete(files, "content/archive.md")
		delete(files, "content/search.md")
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text)); err != nil {
			return err
		}
	}
	for i := range c.Posts {
		if err := c.writePost(dir, i, ""); err != nil {
			return err
		}
	}
	return nil
}

// moduleRoot is the directory of the module that the bench is run in.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o666)
}

func (c *corpus) random(post int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(c.Seed), uint64(post+1)))
}

// name is the file of a post; those with a picture are bundles.
func (c *corpus) name(dir string, post int) string {
	if post < c.Images {
		return filepath.Join(dir, "content", "posts", fmt.Sprintf("post-%06d", post), "index.md")
	}
	return filepath.Join(dir, "content", "posts", fmt.Sprintf("post-%06d.md", post))
}

// tags are the three of a post.
func (c *corpus) tags(r *rand.Rand) []string {
	var list []string
	for range min(3, c.Tags) {
		n := int(float64(c.Tags) * r.Float64() * r.Float64())
		for slices.Contains(list, fmt.Sprintf("tag-%d", n)) {
			n = (n + 1) % c.Tags
		}
		list = append(list, fmt.Sprintf("tag-%d", n))
	}
	return list
}

func (c *corpus) writePost(dir string, post int, extra string, tags ...string) error {
	r := c.random(post)
	if own := c.tags(r); tags == nil {
		tags = own
	}
	date := time.Date(2010, 1, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(post) * 13 * time.Hour)
	for date.Year() > 2025 {
		date = date.AddDate(-16, 0, 0)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %q\ndate: %s\ndescription: %q\ntags: [%s]\n---\n\n", title(r, post), date.Format(time.DateOnly), sentence(r), strings.Join(tags, ", "))
	if post < c.Images {
		b.WriteString("![A picture of the outage](picture.png)\n\n")
		if err := writeFile(filepath.Join(filepath.Dir(c.name(dir, post)), "picture.png"), picture(r)); err != nil {
			return err
		}
	}
	b.WriteString(extra)
	b.WriteString(c.text(r, c.Bytes))
	return writeFile(c.name(dir, post), []byte(b.String()))
}

// text is a body: sections of prose, and code in three fences.
func (c *corpus) text(r *rand.Rand, size int) string {
	var b strings.Builder
	fences := 3
	code := int(float64(size) * c.Code / float64(fences))
	prose := (size - code*fences) / (fences + 1)
	for i := range fences + 1 {
		fmt.Fprintf(&b, "## %s\n\n", title(r, i))
		for start := b.Len(); b.Len()-start < prose; {
			for range 3 + r.IntN(4) {
				b.WriteString(sentence(r))
				b.WriteByte(' ')
			}
			if r.IntN(5) == 0 {
				fmt.Fprintf(&b, "See [the notes](https://example.org/%s/%s).", word(r), word(r))
			}
			b.WriteString("\n\n")
			if r.IntN(6) == 0 {
				for range 3 {
					fmt.Fprintf(&b, "- %s **%s** and `%s_%s`\n", word(r), word(r), word(r), word(r))
				}
				b.WriteByte('\n')
			}
		}
		if i < fences && code > 0 {
			b.WriteString(program(r, code))
		}
	}
	return b.String()
}

// program is a fence of about size bytes, like none before it.
func program(r *rand.Rand, size int) string {
	var b strings.Builder
	switch r.IntN(4) {
	case 0:
		b.WriteString("```go\n")
		for b.Len() < size {
			f, x, y := word(r), word(r), word(r)
			fmt.Fprintf(&b, "// %s waits until the %s is free, or gives up.\nfunc (q *%s) %s%d(ctx context.Context, %s []string) (int, error) {\n\tfor i, v := range %s {\n\t\tif v == %q && i > %d {\n\t\t\treturn i * %d, fmt.Errorf(\"%s: %%w\", err)\n\t\t}\n\t}\n\treturn len(%s), nil\n}\n\n",
				f, x, y, f, r.IntN(100), x, x, y, r.IntN(1000), r.IntN(90), y, x)
		}
	case 1:
		b.WriteString("```python\n")
		for b.Len() < size {
			f, x := word(r), word(r)
			fmt.Fprintf(&b, "def %s_%s(%s, limit=%d):\n    \"\"\"Return what %s leaves.\"\"\"\n    total = sum(n ** 2 for n in %s if n %% %d == 0)\n    return {\"%s\": total, 'done': total > limit}\n\n", f, x, x, r.IntN(5000), f, x, 2+r.IntN(9), f)
		}
	case 2:
		b.WriteString("```bash\n")
		for b.Len() < size {
			x, y := word(r), word(r)
			fmt.Fprintf(&b, "for f in /var/log/%s/*.log; do\n  grep -c '%s' \"$f\" | awk '{ n += $1 } END { print n / %d }' >> ${%s:-/tmp/%s}\ndone\n", x, y, 1+r.IntN(60), strings.ToUpper(x), y)
		}
	default:
		b.WriteString("```json\n{\n")
		for b.Len() < size {
			fmt.Fprintf(&b, "  \"%s_%d\": {\"%s\": %d, \"on\": %t, \"list\": [\"%s\", null, %d.%d]},\n", word(r), r.IntN(10000), word(r), r.IntN(10000), r.IntN(2) == 0, word(r), r.IntN(10), r.IntN(100))
		}
		b.WriteString("  \"end\": true\n}\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n```\n\n"
}

var syllables = strings.Fields("ba be bi bo co da de di do fa fe ga go ka ke ki la le li lo ma me mi mo na ne no pa pe po ra re ri ro sa se si so ta te ti to va ve vi wa we zo")

func word(r *rand.Rand) string {
	var b strings.Builder
	for range 2 + r.IntN(3) {
		b.WriteString(syllables[r.IntN(len(syllables))])
	}
	return b.String()
}

func sentence(r *rand.Rand) string {
	words := make([]string, 6+r.IntN(10))
	for i := range words {
		words[i] = word(r)
	}
	words[0] = strings.ToUpper(words[0][:1]) + words[0][1:]
	return strings.Join(words, " ") + "."
}

func title(r *rand.Rand, n int) string {
	w := word(r)
	return fmt.Sprintf("%s%s %s %d", strings.ToUpper(w[:1]), w[1:], word(r), n)
}

// picture is a PNG of some size.
func picture(r *rand.Rand) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 360))
	a, b := r.IntN(200), r.IntN(200)
	for y := range 360 {
		for x := range 640 {
			img.Set(x, y, color.RGBA{uint8(a + x/12), uint8(b + y/8), uint8(x ^ y), 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // a picture in memory
	}
	return out.Bytes()
}
