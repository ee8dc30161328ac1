//! The rules that ship: what an organisation gets before it writes its own.
//! Order matters: what a page is about (its site) before the app, the app before the title, the bare browser last.

use super::Rule;
use crate::event::Category::{
    self, Browsing, Coding, Communication, Data, Design, Entertainment, Learning, Meeting, Planning, Writing,
};

/// Hosts (and paths) of sites, as alternatives of one expression.
const SITES: &[(&str, Category)] = &[
    (
        r"meet\.google\.com|zoom\.us/(j|wc)|webex\.com|whereby\.com|meet\.jit\.si|gather\.town|teams\.(microsoft|live)\.com/(l/)?meet",
        Meeting,
    ),
    (
        r"slack\.com|teams\.(microsoft|live|cloud\.microsoft)|teams\.microsoft\.com|mail\.google\.com|chat\.google\.com|outlook\.(office|live|office365)\.com|outlook\.cloud\.microsoft|discord\.com|web\.whatsapp\.com|web\.telegram\.org|cliq\.zoho\.\w+|mail\.zoho\.\w+|mattermost\.com|messenger\.com|proton\.me",
        Communication,
    ),
    (
        r"docs\.google\.com/spreadsheets|sheets\.google\.com|sheets\.new|tableau\.com|looker\.com|lookerstudio\.google\.com|app\.powerbi\.com|metabase\.com|kaggle\.com|colab\.research\.google\.com|databricks\.com|snowflake\.com|grafana\.(com|net)|hex\.tech",
        Data,
    ),
    (
        r"docs\.google\.com/(document|presentation)|slides\.google\.com|notion\.(so|site)|atlassian\.net/wiki|coda\.io|overleaf\.com|medium\.com/new-story|quip\.com|dropbox\.com/paper|hackmd\.io|grammarly\.com",
        Writing,
    ),
    (
        r"atlassian\.net|jira\.\w+|linear\.app|trello\.com|asana\.com|monday\.com|clickup\.com|calendar\.google\.com|calendly\.com|todoist\.com|basecamp\.com|youtrack\.cloud|app\.shortcut\.com|airtable\.com|projects\.zoho\.\w+",
        Planning,
    ),
    (
        r"github\.com|github\.dev|gitlab\.com|bitbucket\.org|dev\.azure\.com|stackoverflow\.com|codesandbox\.io|replit\.com|stackblitz\.com|vscode\.dev|gitpod\.io|docs\.rs|crates\.io|npmjs\.com|pypi\.org|localhost|127\.0\.0\.1",
        Coding,
    ),
    (
        r"figma\.com|miro\.com|canva\.com|sketch\.com|framer\.com|dribbble\.com|behance\.net|excalidraw\.com|whimsical\.com|lucid\.app|invisionapp\.com",
        Design,
    ),
    (
        r"coursera\.org|udemy\.com|edx\.org|khanacademy\.org|pluralsight\.com|linkedin\.com/learning|developer\.mozilla\.org|wikipedia\.org|arxiv\.org|scholar\.google\.\w+|oreilly\.com|egghead\.io|duolingo\.com|freecodecamp\.org|exercism\.org",
        Learning,
    ),
    (
        r"youtube\.com|youtu\.be|netflix\.com|twitch\.tv|reddit\.com|facebook\.com|instagram\.com|tiktok\.com|twitter\.com|x\.com|9gag\.com|spotify\.com|disneyplus\.com|hulu\.com|primevideo\.com|soundcloud\.com|imgur\.com|pinterest\.\w+|news\.ycombinator\.com",
        Entertainment,
    ),
];

/// Names of apps and processes, as alternatives of one expression that must match the whole name.
const APPS: &[(&str, Category)] = &[
    (
        r"zoom(\.us| workplace| meetings?)?|(cisco )?webex( meetings?)?|google meet|meet|facetime|gotomeeting|jitsi( meet)?|bluejeans|around|whereby",
        Meeting,
    ),
    (
        r"slack|(microsoft |ms-)?teams( classic| \(work or school\))?|(microsoft )?outlook|olk|thunderbird|(apple )?mail|gmail|mailspring|spark|discord|telegram( desktop)?|whatsapp( desktop)?|signal|skype( for business)?|lync|mattermost|element|rocket\.?chat|zulip|messages|wechat|line|viber|cliq|zoho (cliq|mail)|evolution|geary|superhuman|google chat|webex teams",
        Communication,
    ),
    (
        r"(microsoft )?excel|google sheets|sheets|numbers|libreoffice calc|soffice\.bin calc|tableau( desktop)?|(microsoft )?power ?bi( desktop)?|pbidesktop|jupyter([- ]?lab|[- ]notebook)?|r?studio|rstudio|spss|stata|matlab|dbeaver|datagrip|tableplus|pgadmin ?4?|mysql ?workbench|sequel (pro|ace)|ssms|metabase|grafana|airtable|knime|orange",
        Data,
    ),
    (
        r"code( - (insiders|oss))?|codium|vscodium|vs ?code|visual studio( code)?( - insiders)?|devenv|cursor|windsurf|zed|sublime[ _]text|subl|atom|n?vim|gvim|neovide|macvim|emacs|helix|hx|xcode|android studio|studio64|intellij( idea)?( (ultimate|community))?( edition)?|idea(64)?|jetbrains[- ]\w+|pycharm(64)?( (professional|community))?|webstorm(64)?|goland(64)?|clion(64)?|rider(64)?|rubymine(64)?|phpstorm(64)?|rustrover(64)?|fleet|eclipse|netbeans|notepad\+\+|github desktop|gitkraken|sourcetree|fork|tower|postman|insomnia|docker( desktop)?|lens|terminal|iterm ?2?|gnome-terminal(-server)?|konsole|alacritty|kitty|wezterm(-gui)?|hyper|warp|ghostty|xterm|xfce4-terminal|tilix|terminator|windows ?terminal|windowsterminal|cmd|powershell|pwsh|mintty|conhost|putty|tmux",
        Coding,
    ),
    (
        r"figma|sketch|(adobe )?(photoshop|illustrator|xd|indesign|after effects|premiere pro|lightroom( classic)?)( \d{4}| cc)*|affinity (designer|photo|publisher)( 2)?|gimp([-.\d]+)?|inkscape|blender|krita|canva|miro|framer|autocad|fusion ?360|solidworks|sketchup|penpot|draw\.io|lucidchart|excalidraw|zeplin|principle|cinema 4d",
        Design,
    ),
    (
        r"(microsoft )?word|winword|google docs|docs|pages|libreoffice writer|soffice|libreoffice|(microsoft )?powerpnt|(microsoft )?powerpoint|google slides|slides|keynote|(microsoft )?onenote|notion|obsidian|evernote|bear|ulysses|scrivener|typora|ia writer|logseq|roam|craft|confluence|notes|apple notes|joplin|texstudio|overleaf|notepad|textedit|gedit|kate|coda|quip|google keep",
        Writing,
    ),
    (
        r"jira|linear|trello|asana|monday(\.com)?|clickup|todoist|things( ?3)?|omnifocus|(microsoft )?to ?do|(microsoft )?project|winproj|(microsoft )?planner|calendar|google calendar|fantastical|reminders|basecamp|smartsheet|youtrack|shortcut|height|ticktick|gnome-calendar|azure devops|zoho projects",
        Planning,
    ),
    (
        r"anki|duolingo|coursera|udemy|kindle|books|zotero|mendeley( desktop)?|calibre|audible|linkedin learning|pluralsight|dash|zeal",
        Learning,
    ),
    (
        r"youtube( music)?|netflix|spotify|twitch|vlc( media player)?|mpv|iina|plex|steam|steamwebhelper|epic ?games ?launcher|minecraft|music|apple music|itunes|tv|apple tv|disney\+|prime video|tiktok|instagram|facebook|reddit|twitter|x|tidal|deezer|roblox|battle\.net|quicktime player|photos",
        Entertainment,
    ),
];

/// Ends or parts of window titles, where only the title tells what a browser shows.
const TITLES: &[(&str, Category)] = &[
    (r"\bgoogle meet\b|\bmeet - |\bzoom meeting\b|\bmeeting \| microsoft teams", Meeting),
    (r"- gmail\b|\| slack\b|\boutlook\b|\bmicrosoft teams\b|\bgoogle chat\b|\bwhatsapp\b", Communication),
    (r"- google sheets\b|\blooker\b|\btableau\b|\bmetabase\b|\bpower bi\b|\bgrafana\b|\bjupyter", Data),
    (r"- google (docs|slides)\b|- confluence\b|\bnotion\b|\boverleaf\b", Writing),
    (r"- jira\b|\blinear\b|\| trello\b|- asana\b|\bgoogle calendar\b", Planning),
    (r"\bgithub\b|\bgitlab\b|\bbitbucket\b|\bstack overflow\b|\bpull request\b", Coding),
    (r"[–-] figma\b|\bmiro\b|- canva\b", Design),
    (r"\bcoursera\b|\budemy\b|- wikipedia\b|\bmdn\b", Learning),
    (r"- youtube\b|\bnetflix\b|- twitch\b|: r/\w+|\breddit\b|\binstagram\b|\bfacebook\b", Entertainment),
];

const BROWSERS: &str = r"(google[- ])?chrome|chromium([- ]browser)?|(mozilla )?firefox([- ](esr|developer edition|nightly))?|navigator|(microsoft[- ])?edge|msedge|microsoft-edge|safari|brave([- ]browser)?|opera( gx)?|vivaldi(-bin)?|arc|librewolf|zen([- ]browser)?|tor browser|duckduckgo|epiphany|falkon|iexplore|internet explorer|orion";

pub(super) fn rules() -> Vec<Rule> {
    let site = |(hosts, category): &(&str, Category)| Rule {
        // The host itself or one below it, never a name that merely ends alike or stands in a query.
        url: Some(format!(r"^([a-z][a-z0-9+.-]*://)?([^/?#@]*\.)?({hosts})(:[0-9]+)?([/?#]|$)")),
        category: category.as_str().into(),
        ..Rule::default()
    };
    let title = |(pattern, category): &(&str, Category)| Rule {
        // Boundaries of ASCII words: any other kind makes the expression slow at the first letter or dash beyond ASCII.
        title: Some(pattern.replace(r"\b", r"(?-u:\b)")),
        category: category.as_str().into(),
        ..Rule::default()
    };
    let mut rules: Vec<Rule> = SITES.iter().map(site).collect();
    rules.extend(APPS.iter().map(|(names, category)| app(names, *category)));
    rules.extend(TITLES.iter().map(title));
    rules.push(app(BROWSERS, Browsing));
    rules
}

/// The whole name, with or without the endings operating systems add.
fn app(names: &str, category: Category) -> Rule {
    Rule { app: Some(format!(r"^({names})(\.exe|\.app)?$")), category: category.as_str().into(), ..Rule::default() }
}
