package idn

import "strings"

// accents are letters, each followed by what it is with an accent, by the accent: as in names that were copied from where
// macOS shows files.
var accents = map[rune]string{
	'\u0300': "aàeèiìnǹoòuù", '\u0301': "aácćeégǵiílĺnńoórŕsśuúyýzź", '\u0302': "aâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷ",
	'\u0303': "aãeẽiĩnñoõuũ", '\u0304': "aāeēiīoōuū", '\u0306': "aăeĕgğiĭoŏuŭ", '\u0307': "cċeėgġzż",
	'\u0308': "aäeëiïoöuüyÿ", '\u030A': "aåuů", '\u030B': "oőuű", '\u030C': "aǎcčdďeěgǧiǐlľnňoǒrřsštťuǔzž",
	'\u0326': "sștț", '\u0327': "cçgģkķlļnņrŗsştţ", '\u0328': "aąeęiįoǫuų",
}

// compose joins letters and the accents that follow them.
func compose(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return accents[r] != "" }) {
		return name
	}
	var all []rune
	for _, r := range name {
		if last := len(all) - 1; last >= 0 {
			if pair := []rune(accents[r]); len(pair) > 0 {
				if composed := after(pair, all[last]); composed != 0 {
					all[last] = composed
					continue
				}
			}
		}
		all = append(all, r)
	}
	return string(all)
}

// after is what follows a letter in pairs of them, or 0.
func after(pairs []rune, letter rune) rune {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == letter {
			return pairs[i+1]
		}
	}
	return 0
}
