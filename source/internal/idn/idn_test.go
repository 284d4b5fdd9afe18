package idn_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/idna"

	"mjpegazer/source/internal/idn"
)

// Names of many scripts have the forms that RFC 3492 section 7.1 and registries give for them.
func TestNames(t *testing.T) {
	for plain, ascii := range map[string]string{
		"küche.local":    "xn--kche-0ra.local",
		"straße.example": "xn--strae-oqa.example",
		"他们为什么不说中文":      "xn--ihqwcrb4cv8a8dqg056pqjye",
		"почемужеонинеговорятпорусски": "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l",
		"なぜみんな日本語を話してくれないのか":           "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa",
		"☃.net":         "xn--n3h.net",
		"plain.example": "plain.example",
	} {
		if got, err := idn.ToASCII(plain); err != nil || got != ascii {
			t.Errorf("%s: %s, %v, want %s", plain, got, err, ascii)
		}
		if back := idn.ToUnicode(ascii); back != plain {
			t.Errorf("%s: back %s, want %s", ascii, back, plain)
		}
	}
	for typed, same := range map[string]string{
		"KÜCHE.Local": "küche.local", "ku\u0308che.local": "küche.local", "kafe\u0301。example": "kafé.example", "ｋüｃｈｅ．local": "küche.local", "my_küche": "my_küche",
	} {
		got, err := idn.ToASCII(typed)
		want, err2 := idn.ToASCII(same)
		if err != nil || err2 != nil || got != want || idn.ToUnicode(got) != same {
			t.Errorf("%s: %s, %v, want %s, %v", typed, got, err, want, err2)
		}
	}
}

// What is no name is refused, and what only looks like one in ASCII stays as it is.
func TestNoNames(t *testing.T) {
	for _, name := range []string{
		"kü che", "kü/che", "kü:80", "kü@che", "kü%che", "k\u0000ü", "k\u200Bü", "kü\xff", "ü\uFFFD", "q\u0308", strings.Repeat("ü", 64), strings.Repeat("ü.", 2000),
	} {
		if got, err := idn.ToASCII(name); err == nil {
			t.Errorf("%q is %s", name, got)
		}
	}
	for _, name := range []string{"xn--", "xn--a", "xn--ü", "xn--0", "xn--99999999999", "xn--kche-0ra\u0000", "xn--a-ecp.ru", "", "."} {
		if got := idn.ToUnicode(name); got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
}

// Letters of many scripts make the same names here as in the library of IDNA, and back.
func TestAgainstLibrary(t *testing.T) {
	library := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))
	scripts := []string{
		"abcäöüßéñçøåœ", "άβγδεζηθικλμνξοπρςστυφχψω", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "北京东方中文网络公司", "かきくけこカキクケコ", "한국어도메인",
		"אבגדהוזחטיכ", "ابتثجحخد", "กขคงจฉชซ", "abcdefghijklmnopqrstuvwxyz0123456789",
	}
	agreed := 0
	for range 20_000 {
		letters := []rune(scripts[rand.IntN(len(scripts))])
		var name strings.Builder
		for i := range 1 + rand.IntN(12) {
			if i > 0 && rand.IntN(4) == 0 {
				name.WriteByte('k')
			}
			name.WriteRune(letters[rand.IntN(len(letters))])
		}
		want, err := library.ToASCII(name.String())
		if err != nil || strings.Trim(want, ".") == "" {
			continue // such as a digit that begins a name of a script from the right
		}
		agreed++
		got, err := idn.ToASCII(name.String())
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, the library %s", &name, got, err, want)
		}
		if back, err := library.ToUnicode(want); err == nil && idn.ToUnicode(want) != back {
			t.Errorf("%s: back %s, the library %s", want, idn.ToUnicode(want), back)
		}
	}
	if agreed < 10_000 {
		t.Errorf("only %d names", agreed)
	}
}

// FuzzNames converts anything, and back to what it was.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"küche.local", "xn--kche-0ra", "ku\u0308", "xn--99999999999", "☃。net", "a..b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		ascii, err := idn.ToASCII(name)
		if err == nil {
			if again, err := idn.ToASCII(idn.ToUnicode(ascii)); err != nil || again != ascii {
				t.Errorf("%q: %q, then %q, %v", name, ascii, again, err)
			}
		}
		if plain := idn.ToUnicode(name); plain != name {
			if again, err := idn.ToASCII(plain); err != nil || !strings.EqualFold(again, name) {
				t.Errorf("%q: %q, back %q, %v", name, plain, again, err)
			}
		}
	})
}
