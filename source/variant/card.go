package variant

import (
	"cmp"
	"image"
	"strings"
	"time"
	"unicode/utf8"

	"mjpegazer/source/internal/paint"
	"mjpegazer/stream/jpeg"
)

// A Card is what viewers may be shown while a camera has no picture. The zero value is an empty one.
type Card struct {
	Title  string    // of the camera
	Reason string    // why there is no picture; it is wrapped, and cut where it is too long
	Since  time.Time // when the last picture was taken; zero: there was none
	Last   []byte    // that picture, which is dimmed behind the text, and whose size the card has; nil: none

	// Width and Height are in pixels, where Last does not say. 0 means 640 and 360.
	Width, Height int
}

// plain is what the letters of a card lack, in those that it has.
var plain = strings.NewReplacer("–", "-", "—", "-", "‘", "'", "’", "'", "“", `"`, "”", `"`, "„", `"`, "…", "...", "×", "x")

// Last pictures of more pixels become smaller cards: nothing that is dimmed needs them.
const maxCard = 8 << 20

// JPEG draws the card. A Last that cannot be read is left out.
func (c Card) JPEG(now time.Time) ([]byte, error) {
	var decoder jpeg.Decoder
	raw, err := c.last(&decoder)
	if err != nil || raw.Width == 0 {
		raw = darkGround(cmp.Or(c.Width, 640), cmp.Or(c.Height, 360))
	}
	darken(&raw, image.Rect(0, 0, raw.Width, raw.Height))
	c.write(&raw, now)
	return (&jpeg.Encoder{Quality: defaultQuality}).Append(nil, raw)
}

// last is the last picture, upright.
func (c Card) last(decoder *jpeg.Decoder) (raw jpeg.Raw, err error) {
	info, _, err := jpeg.Inspect(c.Last)
	if err != nil {
		return raw, err
	}
	least := image.Pt(info.Width, info.Height)
	for least.X*least.Y > maxCard {
		least = least.Div(2)
	}
	raw, err = decoder.Decode(c.Last, info.Scale(least.X, least.Y))
	if err != nil {
		return raw, err
	}
	if o := jpeg.OrientationOf(c.Last); o > jpeg.Upright {
		return new(jpeg.Scaler).Turn(raw, o)
	}
	return raw, nil
}

// darkGround is a dark ground for want of a picture.
func darkGround(width, height int) jpeg.Raw {
	pix := make([]byte, width*height)
	for i := range pix {
		pix[i] = 60
	}
	return jpeg.Grey.Raw(width, height, width, pix)
}

// write writes the lines in the middle, the title larger than the others.
func (c Card) write(raw *jpeg.Raw, now time.Time) {
	width := max(least, min(max(raw.Width, raw.Height*16/9)/perLine, raw.Width/36)) // 36 letters hold the last line
	small, large := paint.NewLettering(float64(width)), paint.NewLettering(float64(width)*3/2)
	plane := paint.Plane{Pix: raw.Planes[0], Stride: stride(raw), Rect: image.Rect(0, 0, raw.Width, raw.Height)}
	line := small.Size().Y * 5 / 4
	most := max(1, raw.Height/line-4)
	reason := wrap(plain.Replace(c.Reason), raw.Width/small.Size().X-4, most)
	y := (raw.Height - (len(reason)+3)*line) / 2
	put := func(l *paint.Lettering, text string) {
		at := image.Pt((raw.Width-l.Size().X*utf8.RuneCountInString(text))/2, y)
		l.Draw(plane, at, []byte(text), ink)
		y += l.Size().Y * 5 / 4
	}
	for _, text := range wrap(plain.Replace(c.Title), raw.Width/large.Size().X-2, 1) {
		put(large, text)
	}
	y += line / 4
	for _, text := range reason {
		put(small, text)
	}
	y += line / 4
	put(small, c.since(now))
}

// since says since when there has been no picture.
func (c Card) since(now time.Time) string {
	if c.Since.IsZero() {
		return "no picture yet"
	}
	since, form := c.Since.Local(), "15:04:05"
	if y, m, d := now.Local().Date(); since.Year() != y || since.Month() != m || since.Day() != d {
		form = "2006-01-02 15:04"
	}
	return "no picture since " + since.Format(form)
}

// wrap breaks a text between words into lines of so many letters at most, and cuts what more lines would need.
func wrap(text string, letters, most int) (lines []string) {
	letters = max(4, letters)
	line := ""
	for _, word := range strings.Fields(text) {
		for {
			switch room := letters - utf8.RuneCountInString(line) - 1; {
			case line == "" && utf8.RuneCountInString(word) > letters: // a word that fits into no line
				runes := []rune(word)
				lines, word = append(lines, string(runes[:letters])), string(runes[letters:])
				continue
			case line == "":
				line = word
			case utf8.RuneCountInString(word) <= room:
				line += " " + word
			default:
				lines, line = append(lines, line), ""
				continue
			}
			break
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > most {
		lines = lines[:most]
		runes := []rune(lines[most-1])
		lines[most-1] = string(runes[:min(len(runes), letters-3)]) + "..."
	}
	return lines
}
