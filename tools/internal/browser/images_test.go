package browser

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

const pictures = "/posts/pictures/"

const picturesPost = `+++
title = "Pictures of every kind"
date = 2026-01-02
tags = ["testing"]
+++

![A wide photograph](wide.jpg "A line below it")

- A bullet

  ![In a bullet](wide.jpg)

Here ![a small drawing](small.png) stands in a line.

![On its side](turned.jpg)

![It moves](moving.gif)

[![A drawing in lines, in a link](lines.svg)](/archive/)

![From assets](shared.png)

![From static](/static.png "Published as it is")

![From static, too](/drawn.svg)

![As some scanners write it](scan.bmp)
`

// photo is a picture that does not compress to nothing: red above, blue below.
func photo(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewSource(1))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(200 + r.Intn(40)), 30, 30, 255}
			if y > h/2 {
				c = color.RGBA{30, 30, uint8(200 + r.Intn(40)), 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t *testing.T, m image.Image, orientation byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	if orientation == 0 {
		return b.String()
	}
	// After the first marker: an Exif segment with one entry, tag 0x112.
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
	return b.String()[:2] + "\xff\xe1\x00" + string(byte(len(exif)+2)) + exif + b.String()[2:]
}

func pngOf(t *testing.T, m image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gifOf(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	g := &gif.GIF{}
	for i := range 2 {
		m := image.NewPaletted(image.Rect(0, 0, 120, 60), color.Palette{color.White, color.Black})
		m.SetColorIndex(i, i, 1)
		g.Image, g.Delay = append(g.Image, m), append(g.Delay, 50)
	}
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// bmpOf is a bitmap of 24 bits, the simplest format that no browser of note
// gets any more and that can be processed.
func bmpOf(w, h int) string {
	row := (3*w + 3) &^ 3
	le := func(v, n int) (s string) {
		for range n {
			s += string([]byte{byte(v)})
			v >>= 8
		}
		return s
	}
	return "BM" + le(54+row*h, 4) + le(0, 4) + le(54, 4) + le(40, 4) + le(w, 4) + le(h, 4) + le(1, 2) + le(24, 2) + le(0, 24) + strings.Repeat("\x40\x80\xc0", row*h/3) + strings.Repeat("\x00", row*h-row*h/3*3)
}

// writePictures makes a site whose post shows a picture of every kind.
func writePictures(t *testing.T, dir string) {
	t.Helper()
	sitetest.CopyRepoSite(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "content", "posts", "every-mark-on-one-page")); err != nil {
		t.Fatal(err)
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 90, 60)) // nothing but a line on no ground
	for x := range 90 {
		clear.SetNRGBA(x, 30, color.NRGBA{0, 0, 0, 255})
	}
	for name, data := range map[string]string{
		"content/posts/pictures/index.md":   picturesPost,
		"content/posts/pictures/wide.jpg":   jpegOf(t, photo(2000, 1000), 0),
		"content/posts/pictures/small.png":  pngOf(t, clear),
		"content/posts/pictures/turned.jpg": jpegOf(t, photo(800, 400), 6),
		"content/posts/pictures/moving.gif": gifOf(t),
		"content/posts/pictures/lines.svg":  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100"><path d="M0 0L400 100" stroke="#000"/></svg>`,
		"content/posts/pictures/scan.bmp":   bmpOf(300, 200),
		"assets/shared.png":                 pngOf(t, photo(900, 300)),
		"static/static.png":                 pngOf(t, photo(200, 100)),
		"static/drawn.svg":                  `<svg xmlns="http://www.w3.org/2000/svg" width="120px" height="40"/>`,
	} {
		sitetest.Write(t, filepath.Join(dir, filepath.FromSlash(name)), data)
	}
}

type picture struct {
	Alt     string `json:"alt"`
	Size    string `json:"size"`    // of the attributes
	Kinds   string `json:"kinds"`   // of the sources
	Shown   string `json:"shown"`   // the ending of what was loaded
	Lazy    bool   `json:"lazy"`    //
	Caption string `json:"caption"` //
}

const picturesScript = `[...document.querySelectorAll(".prose img")].map((img) => ({
  alt: img.alt,
  size: img.getAttribute("width") + "x" + img.getAttribute("height"),
  kinds: [...img.parentElement.querySelectorAll("source")].map((s) => s.type + " " + s.srcset.split(",").length).join(", "),
  shown: img.currentSrc.replace(/.*\./, ""),
  lazy: img.loading === "lazy",
  caption: img.closest("figure")?.querySelector("figcaption").textContent ?? "",
}))`

func TestImages(t *testing.T) {
	b := Start(t)
	dir := t.TempDir()
	writePictures(t, dir)
	public := filepath.Join(dir, "public")
	sitetest.MustBuild(t, dir)
	address := serveStrict(t, public, false)

	want := []picture{
		{"A wide photograph", "1400x700", "image/avif 3, image/webp 2", "avif", false, "A line below it"},
		{"In a bullet", "1400x700", "image/avif 3, image/webp 2", "avif", true, ""},
		{"a small drawing", "90x60", "image/webp 1", "webp", true, ""},
		{"On its side", "400x800", "image/avif 1, image/webp 1", "avif", true, ""},
		{"It moves", "120x60", "", "gif", true, ""},
		{"A drawing in lines, in a link", "400x100", "", "svg", true, ""},
		{"From assets", "900x300", "image/avif 3, image/webp 2", "avif", true, ""},
		{"From static", "200x100", "", "png", true, "Published as it is"},
		{"From static, too", "120x40", "", "svg", true, ""},
		{"As some scanners write it", "300x200", "image/avif 1, image/webp 1", "avif", true, ""},
	}
	for _, v := range views {
		t.Run(v.String(), func(t *testing.T) {
			tab := b.Open(t, v)
			before(tab, movedScript)
			tab.Visit(address + pictures)
			Eval[bool](tab, `document.querySelectorAll(".prose img").forEach((img) => img.loading = img.loading === "lazy" ? (img.dataset.lazy = 1, "eager") : "eager"), true`)
			until(tab, `[...document.querySelectorAll(".prose img")].every((img) => img.complete)`)
			frames(tab)
			got := Eval[[]picture](tab, strings.ReplaceAll(picturesScript, `img.loading === "lazy"`, `img.dataset.lazy === "1"`))
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("pictures (-want +got):\n%s", d)
			}
			_, wrong := lookAtPage(tab)
			wrong = append(wrong, lookAtPictures(tab)...)
			wrong = append(wrong, Eval[[]string](tab, "moved")...)
			for _, w := range wrong {
				t.Error(w)
			}
			// No more than the column needs.
			width := Eval[int](tab, `naturalWidthOf(document.querySelector(".prose img").currentSrc)`)
			if most := map[int]int{320: 480, 1440: 700}[v.Width]; width != most {
				t.Errorf("the browser took a picture of %d px, not of %d", width, most)
			}
		})
	}
	t.Run("faults", func(t *testing.T) {
		plain := Serve(t, public)
		tab := b.Open(t, View{320, true})
		for rule, want := range map[string]string{
			".prose img { max-width: none !important }":                                                    "sticks out",
			".prose img { height: 50px !important }":                                                       "out of shape",
			".prose img { background: none !important }":                                                   "a small drawing: on rgba(0, 0, 0, 0)",
			".prose img { color-scheme: dark !important }":                                                 "on rgb(21, 22, 28)",
			".prose img { image-orientation: from-image }":                                                 "",
			".prose img[width='400'] { width: 420px !important; max-width: none; height: auto !important}": "On its side: drawn larger",
		} {
			tab.Visit(plain + pictures)
			Eval[bool](tab, `document.querySelectorAll(".prose img").forEach((img) => img.loading = "eager"), true`)
			until(tab, `[...document.querySelectorAll(".prose img")].every((img) => img.complete)`)
			addStyle(tab, rule)
			wrong := strings.Join(lookAtPictures(tab), "\n")
			if !strings.Contains(wrong, want) || want == "" && wrong != "" {
				t.Errorf("with %s: want a complaint with %q, got %q", rule, want, wrong)
			}
		}
	})
	t.Run("cached", func(t *testing.T) { testCachedPictures(t, dir) })
}

// lookAtPictures checks what was loaded against what was promised.
func lookAtPictures(tab *Tab) []string {
	return Eval[[]string](tab, `(() => {
  const wrong = [];
  window.naturalWidthOf = (src) => Number([...document.querySelectorAll("source")].flatMap((s) => s.srcset.split(", ")).find((c) => src.endsWith(c.split(" ")[0]))?.split(" ")[1].slice(0, -1));
  const prose = document.querySelector(".prose").getBoundingClientRect();
  for (const img of document.querySelectorAll(".prose img")) {
    const box = img.getBoundingClientRect();
    const promised = img.getAttribute("width") / img.getAttribute("height");
    if (!img.naturalWidth) wrong.push(img.alt + ": not loaded");
    if (Math.abs(img.naturalWidth / img.naturalHeight - promised) > .02 && !img.currentSrc.endsWith(".svg")) wrong.push(img.alt + ": promised " + promised + ", got " + img.naturalWidth + " x " + img.naturalHeight);
    if (Math.abs(box.width / box.height - promised) > .02) wrong.push(img.alt + ": drawn out of shape");
    if (box.right > prose.right + .5 || box.left < prose.left - .5) wrong.push(img.alt + ": sticks out");
    if (box.width > Number(img.getAttribute("width")) + .5) wrong.push(img.alt + ": drawn larger than it is");
    if (getComputedStyle(img).backgroundColor !== "rgb(251, 250, 248)") wrong.push(img.alt + ": on " + getComputedStyle(img).backgroundColor);
    if (img.currentSrc.endsWith(".svg") || img.currentSrc.endsWith(".gif")) continue;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [9, 9];
    const ink = canvas.getContext("2d");
    ink.drawImage(img, 0, 0, 9, 9);
    const at = (x, y) => { const [r, , b] = ink.getImageData(x, y, 1, 1).data; return r > b + 80 ? "red" : b > r + 80 ? "blue" : "none"; };
    if (img.alt === "On its side" && (at(7, 4) !== "red" || at(1, 4) !== "blue")) wrong.push(img.alt + ": lies on its side, " + at(7, 4) + " right and " + at(1, 4) + " left");
    if (img.alt === "A wide photograph" && (at(4, 1) !== "red" || at(4, 7) !== "blue")) wrong.push(img.alt + ": other colours");
  }
  return wrong;
})()`)
}

// testCachedPictures builds again: nothing is encoded, and without the cache
// the same bytes come out.
func testCachedPictures(t *testing.T, dir string) {
	public, cache := filepath.Join(dir, "public"), filepath.Join(dir, ".duskpress", "cache")
	first := sitetest.Tree(t, public)
	encoded := regexp.MustCompile(`_hu_[0-9a-f]+\.(avif|webp|jpg)$`)
	stamps := func() (list []string) {
		err := filepath.WalkDir(cache, func(name string, d fs.DirEntry, err error) error {
			if err == nil && encoded.MatchString(name) {
				info, err := d.Info()
				if err != nil {
					return err
				}
				list = append(list, fmt.Sprint(filepath.Base(name), info.ModTime().UnixNano()))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	before := stamps()
	if len(before) < 15 {
		t.Fatalf("the cache holds %d encoded pictures: %q", len(before), before)
	}
	sitetest.MustBuild(t, dir)
	if d := cmp.Diff(before, stamps()); d != "" {
		t.Errorf("pictures were encoded again (-first +second):\n%s", d)
	}
	if sitetest.Sum(first) != sitetest.Sum(sitetest.Tree(t, public)) {
		t.Error("a build with the cache gave other bytes")
	}
	if err := os.RemoveAll(cache); err != nil {
		t.Fatal(err)
	}
	sitetest.MustBuild(t, dir)
	if slices.Equal(before, stamps()) {
		t.Error("without a cache nothing was encoded")
	}
	if sitetest.Sum(first) != sitetest.Sum(sitetest.Tree(t, public)) {
		t.Error("a build without the cache gave other bytes")
	}
}
