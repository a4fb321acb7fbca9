//! What the environment says about the operator: language, characters, colours. Reads nothing itself.

use super::{look::Charset, look::Look, theme::Theme, words::Language};

/// How screens look for an environment of which `variable` knows the values.
///
/// `theme` is what the operator asked for, and comes before what the environment says.
pub fn look(theme: Option<Theme>, variable: impl Fn(&str) -> Option<String>) -> Look {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let charset = charset(&variable);
    // A character set without Chinese characters cannot show Chinese.
    let language = if charset == Charset::Ascii { Language::English } else { language(&variable) };
    Look { theme: theme.unwrap_or_else(|| self::theme(&variable)), language, charset }
}

fn language(variable: &impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    if locale.to_ascii_lowercase().starts_with("zh") { Language::Chinese } else { Language::English }
}

/// Only a locale that names another character set rules UTF-8 out: where none is set, terminals speak UTF-8 today.
fn charset(variable: &impl Fn(&str) -> Option<String>) -> Charset {
    let Some(locale) = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable) else {
        return Charset::Utf8;
    };
    let locale = locale.to_ascii_lowercase();
    if locale.contains("utf-8") || locale.contains("utf8") { Charset::Utf8 } else { Charset::Ascii }
}

fn theme(variable: &impl Fn(&str) -> Option<String>) -> Theme {
    let terminal = variable("TERM").unwrap_or_default();
    let depth = variable("COLORTERM").unwrap_or_default();
    match () {
        () if variable("NO_COLOR").is_some() || terminal == "dumb" => Theme::PLAIN,
        () if matches!(&*depth, "truecolor" | "24bit") => Theme::RGB,
        () if terminal.contains("256color") => Theme::INDEXED,
        () => Theme::SIXTEEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Look {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        look(None, |name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_language() {
        assert_eq!(of(&[]).language, Language::English);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]).language, Language::Chinese);
        assert_eq!(of(&[("LC_MESSAGES", "zh_TW.utf8"), ("LANG", "de_DE.UTF-8")]).language, Language::Chinese);
        assert_eq!(of(&[("LC_ALL", "en_US.UTF-8"), ("LANG", "zh_CN.UTF-8")]).language, Language::English);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")]).language, Language::Chinese);
    }

    #[test]
    fn a_locale_without_utf_8_gets_ascii_and_english() {
        for locale in ["C", "POSIX", "en_US", "de_DE.ISO-8859-1", "zh_CN.GBK"] {
            let look = of(&[("LC_ALL", locale)]);
            assert_eq!((look.charset, look.language), (Charset::Ascii, Language::English), "{locale}");
        }
        for locale in ["C.UTF-8", "en_US.utf8"] {
            assert_eq!(of(&[("LANG", locale)]).charset, Charset::Utf8, "{locale}");
        }
        assert_eq!(of(&[]).charset, Charset::Utf8);
        assert_eq!(of(&[("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]).charset, Charset::Utf8);
    }

    #[test]
    fn colours_are_as_many_as_the_terminal_says_it_has() {
        assert_eq!(of(&[("TERM", "xterm-256color")]).theme, Theme::INDEXED);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).theme, Theme::RGB);
        assert_eq!(of(&[("TERM", "linux")]).theme, Theme::SIXTEEN);
        assert_eq!(of(&[("TERM", "dumb"), ("COLORTERM", "truecolor")]).theme, Theme::PLAIN);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).theme, Theme::PLAIN);
        assert_eq!(of(&[("TERM", "xterm"), ("NO_COLOR", "")]).theme, Theme::SIXTEEN);
        assert_eq!(look(Some(Theme::RGB), |_| Some("1".to_owned())).theme, Theme::RGB);
    }
}
