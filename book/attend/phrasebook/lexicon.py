"""The words of the phrasebook: tables to read, and the few rules of English spelling they need.

Every entry names its English word; that name is also how the other tables refer to it. A word of
several meanings has one line for each: 看 is *read*, *watch* and *see*. Chapter 06.
"""
# ruff: noqa: E501 — an entry of a table is one line

from typing import NamedTuple


class Noun(NamedTuple):
    """A noun: 书, book, and the measure word that counts it, 本.

    `unit` is the English for the measure word where there is one (杯: cup *of tea*). `kind`: count
    (a book), mass (tea), plural (noodles), name (football, never an article), the (the piano).
    """

    chinese: str
    english: str
    measure: str
    unit: str
    kind: str
    group: str


class Verb(NamedTuple):
    """A verb in one of its meanings: who does it, to what, where; `generic` says what a bare
    object becomes in a habit (s: he reads books, a: he rides a bicycle, -: no habit)."""

    chinese: str
    english: str
    subject: str
    objects: tuple
    places: tuple
    generic: str
    tags: frozenset


class Adjective(NamedTuple):
    """An adjective in one of its meanings, the nouns it fits, and whether it stands before a noun
    without 的 (新 书, but 有趣 的 书)."""

    chinese: str
    english: str
    fits: tuple
    direct: bool


# ── Nouns: Chinese, English, measure word (and its English after a colon) ──────────────────────
COUNTED = {
    "child": "孩子 child 个 | 男孩 boy 个 | 女孩 girl 个",
    "grownup": """老师 teacher 位 | 学生 student 个 | 医生 doctor 位 | 护士 nurse 位 | 司机 driver 位
        | 警察 policeman 个 | 农民 farmer 个 | 工人 worker 个 | 厨师 cook 位 | 画家 painter 位
        | 作家 writer 位 | 律师 lawyer 位 | 记者 journalist 位 | 士兵 soldier 个 | 经理 manager 位
        | 邻居 neighbour 个 | 客人 guest 位 | 科学家 scientist 位""",
    "pet": "猫 cat 只 | 狗 dog 只 | 兔子 rabbit 只",
    "beast": """马 horse 匹 | 牛 cow 头 | 羊 sheep 只 | 猪 pig 头 | 老虎 tiger 只 | 猴子 monkey 只
        | 大象 elephant 头 | 熊 bear 只 | 狐狸 fox 只 | 熊猫 panda 只 | 动物 animal 只""",
    "waterbird": "鸭子 duck 只 | 鹅 goose 只",
    "fruit": "苹果 apple 个 | 香蕉 banana 根 | 橙子 orange 个 | 西瓜 watermelon 个 | 草莓 strawberry 颗",
    "snack": "鸡蛋 egg 个 | 饼干 biscuit 块 | 饺子 dumpling 个 | 三明治 sandwich 个",
    "baked": "蛋糕 cake 个",
    "reading": """书 book 本 | 杂志 magazine 本 | 报纸 newspaper 份 | 小说 novel 本 | 信 letter 封
        | 故事 story 个 | 诗 poem 首""",
    "dictionary": "词典 dictionary 本",
    "show": "电影 film 部 | 比赛 match 场 | 表演 show 场 | 节目 programme 个",
    "clothes": "衬衫 shirt 件 | 裙子 skirt 条 | 外套 coat 件 | 毛衣 jumper 件",
    "worn": "帽子 hat 顶 | 手表 watch 块",
    "machine": "手机 phone 部 | 电脑 computer 台 | 照相机 camera 台",
    "guitar": "吉他 guitar 把",
    "vehicle": "自行车 bicycle 辆 | 汽车 car 辆",
    "transport": "公共汽车 bus 辆 | 火车 train 列",
    "small": """钥匙 key 把 | 钱包 wallet 个 | 包 bag 个 | 伞 umbrella 把 | 地图 map 张
        | 票 ticket 张 | 照片 photo 张 | 球 ball 个 | 杯子 cup 个 | 玩具 toy 个 | 刀 knife 把""",
    "present": "礼物 present 件",
    "flower": "花 flower 朵",
    "painting": "画 picture 幅",
    "furniture": "桌子 table 张 | 椅子 chair 把 | 床 bed 张",
    "box": "盒子 box 个 | 箱子 suitcase 个 | 篮子 basket 个",
    "lamp": "灯 lamp 盏",
    "door": "门 door 扇 | 窗户 window 扇",
    "tree": "树 tree 棵",
    "song": "歌 song 首",
    "question": "问题 question 个",
    "word": "词 word 个 | 句子 sentence 个",
    "call": "电话 phone_call 个",
    "meeting": "会 meeting 个",
    "street": "街 street 条 | 路 road 条 | 河 river 条 | 桥 bridge 座",
    "mountain": "山 mountain 座",
    "lake": "湖 lake 个",
    "house": "房子 house 座 | 房间 room 个",
    "bat": "蝙蝠 bat 只",
    "club": "球棒 bat 根",
    "clip": "弹匣 magazine 个",
    "bullet": "子弹 bullet 颗",
    "fish": "鱼 fish 条",
}
MEASURED = {  # mass nouns, and plurals that English counts in pairs
    "hot": "茶 tea 杯:cup | 咖啡 coffee 杯:cup",
    "cool": """水 water 杯:glass | 牛奶 milk 杯:glass | 果汁 juice 瓶:bottle
        | 啤酒 beer 瓶:bottle""",
    "soup": "汤 soup 碗:bowl",
    "dish": "米饭 rice 碗:bowl | 面包 bread 块:piece | 肉 meat 块:piece",
    "noodles": "面条 +noodles 碗:bowl",
    "pairs": "鞋 +shoes 双:pair | 裤子 +trousers 条:pair",
    "glasses": "眼镜 +glasses 副:pair",
}
BARE = {  # never an article
    "sport": "足球 football | 篮球 basketball | 网球 tennis | 排球 volleyball",
    "ballgame": "篮球 basketball | 网球 tennis | 排球 volleyball",
    "language": "汉语 Chinese | 英语 English | 法语 French | 日语 Japanese",
    "subject": "数学 maths | 历史 history",
    "television": "电视 television",
    "music": "音乐 music",
    "homework": "作业 homework",
    "instrument": "钢琴 the_piano | 吉他 the_guitar",
}
GROUPS = {  # groups of groups
    "adult": "grownup",
    "job": """teacher student doctor nurse driver policeman farmer worker cook painter writer lawyer
        journalist soldier manager scientist""",
    "animal": "pet beast waterbird",
    "food": "fruit snack baked dish noodles",
    "drink": "hot cool soup",
    "wear": "clothes worn pairs glasses",
    "goods": "machine small furniture lamp present clothes worn pairs flower painting vehicle",
    "portable": """phone camera small present box dictionary book magazine newspaper novel letter
        clothes worn guitar""",
    "judged": """machine clothes worn pairs vehicle furniture bag box reading show fruit cake flower
        painting dictionary song house street mountain tree transport knife question soup guitar door hot cool lake""",
    "priced": "clothes hat bag book magazine dictionary umbrella toy cake cup",
    "owned": "machine vehicle pet horse umbrella house watch",
    "ordered": "hot cool soup noodles cake sandwich dumpling",
    "taste": "horse fruit hot cool noodles dumpling cake sport music pet song novel show",
    "feared": "bear tiger dog bat",
    "gifts": "flower present book watch bag umbrella painting",
    "lent": "book magazine novel dictionary umbrella bicycle camera map",
}

# ── Places: Chinese (里 and 上 where the language wants them), English with its preposition ─────
PLACES = """
家 at home | 图书馆 at library | 学校 at school | 公园 in park | 商店 at shop | 医院 at hospital
餐厅 at restaurant | 办公室 in office | 机场 at airport | 车站 at station | 博物馆 in museum
超市 at supermarket | 厨房 in kitchen | 花园+里 in garden | 教室 in classroom | 市场 at market
酒店 at hotel | 工厂 at factory | 农场 on farm | 动物园 at zoo | 咖啡馆 in café
大学 at university | 电影院 at cinema | 面包店 at bakery | 体育馆 in gym | 银行 at bank
车库+里 in garage | 河边 by riverside | 海边 at seaside
"""
CITIES = "北京 Beijing | 上海 Shanghai | 伦敦 London | 巴黎 Paris | 东京 Tokyo | 罗马 Rome"

# ── People ─────────────────────────────────────────────────────────────────────────────────────
PRONOUNS = """
我 I me my myself first | 你 you you your yourself second | 他 he him his himself third
她 she her her herself third | 我们 we us our ourselves plural
他们 they them their themselves plural
"""
IT = "它 it it its itself third"
NAMES = "小明 Xiaoming 他 | 小红 Xiaohong 她 | 大卫 David 他 | 安娜 Anna 她 | 汤姆 Tom 他 | 玛丽 Mary 她"
TITLES = "先生 Mr 他 | 太太 Mrs 她"
SURNAMES = "王 Wang | 李 Li | 张 Zhang | 陈 Chen"
KIN = """爸爸 father 他 | 妈妈 mother 她 | 哥哥 brother 他 | 姐姐 sister 她 | 爷爷 grandfather 他
奶奶 grandmother 她 | 叔叔 uncle 他 | 阿姨 aunt 她 | 儿子 son 他 | 女儿 daughter 她"""

# ── Words that fill a slot as they are ─────────────────────────────────────────────────────────
WORDS = {
    "few": "两 two | 三 three | 四 four | 五 five | 六 six",
    "numbers": """两 two | 三 three | 四 four | 五 five | 六 six | 七 seven | 八 eight | 九 nine
        | 十 ten""",
    "round": "二十 twenty | 三十 thirty | 四十 forty | 五十 fifty | 六十 sixty",
    "weekdays": """星期一 Monday | 星期二 Tuesday | 星期三 Wednesday | 星期四 Thursday | 星期五 Friday
        | 星期六 Saturday | 星期天 Sunday""",
    "often": "常常 often | 总是 always | 有时 sometimes",
    "degree": "很 very | 非常 extremely | 真 really",
    "must": "应该 should | 必须 must | 可以 can",
    "feelings": """累 tired | 忙 busy | 饿 hungry | 渴 thirsty | 高兴 happy | 难过 sad | 生气 angry
        | 困 sleepy | 紧张 nervous""",
    "reasons": "累 tired | 忙 busy | 困 sleepy | 生气 angry | 紧张 nervous | 难过 sad",
    "texts": "书 book | 信 letter | 故事 story | 诗 poem | 报纸 newspaper",
    "weather": "冷 cold | 热 hot",
    "mild": "冷 cold | 热 hot | 暖和 warm | 凉快 cool",
    "today": "今天 today | 现在 now",
    "trait": "高 tall | 聪明 clever | 年轻 young | 友好 friendly | 勇敢 brave | 强壮 strong | 矮 short",
    "tired": "累 tired | 饿 hungry | 困 sleepy | 害怕 scared | 渴 thirsty",
    "wide": "宽 wide | 滑 slippery | 脏 dirty | 吵 noisy",
    "size": "大 big | 小 small",
    "pets": "猫 cat | 狗 dog | 兔子 rabbit",
    "birds": "鸭子 duck | 鹅 goose",
    "children": "孩子 child | 男孩 boy | 女孩 girl",
    "workers": "老师 teacher | 医生 doctor | 护士 nurse | 记者 journalist | 司机 driver | 厨师 cook",
    "colours": "红 red | 蓝 blue | 白 white | 黑 black | 黄 yellow",
    "kin": """爸爸 father | 妈妈 mother | 哥哥 brother | 姐姐 sister | 爷爷 grandfather
        | 奶奶 grandmother | 叔叔 uncle | 阿姨 aunt""",
    "shut": "关上 close | 打开 open",
    "switch": "关掉 turn_off | 打开 turn_on",
    "words": "词 word | 句子 sentence",
}

# ── Verbs: Chinese, English | who | what | where | bare object in a habit | tags ────────────────
# tags: can = a skill (会); with = done together (跟 … 一起); past, habit = only there; sudden = done without a plan; new = makes
# its object; rel, done = in a relative clause that says where a thing comes from, or what became of
# it; use = may take such a thing; the forms of the object: a, the, one, few, many
VERBS = """
看 read        | person | book magazine newspaper novel letter story | library home park café classroom garden | s | with use done
看 watch       | person | show television | home | s | with use done
看 see         | adult | doctor | hospital | - | a
吃 eat         | person | food | restaurant home kitchen park | s | with use done
喝 drink       | adult | hot cool | café restaurant home kitchen office | s | with use done
喝 eat         | person | soup | restaurant home kitchen | s | with use
买 buy         | adult | machine clothes worn pairs glasses lamp present | shop | - | with rel
买 buy         | adult | fruit snack baked dish noodles juice beer flower | supermarket market | s | with rel
买 buy         | adult | book magazine newspaper novel dictionary map ticket | shop station | - | rel
卖 sell        | adult | fruit flower dish clothes | market | s | many
写 write       | adult | letter story poem novel | home library office café | s | new rel
画 paint       | person | flower horse mountain tree bridge picture | park home garden | s | can with new
听 listen_to   | person | music song story | home park café garden | s | with few
唱 sing        | person | song | park home school | s | can with few
学 study       | person | language subject | school university library home | s | with
说 speak       | adult | language | school office classroom | s | can habit
教 teach       | adult | language subject | school university | s | can
踢 play        | person | football | park school | s | can with
打 play        | person | ballgame | gym school park | s | can with
打 make        | adult | call | office home hotel station | s | new few
弹 play        | person | instrument | home school café | s | can with
开 drive       | adult | car | - | a | can one
开 hold        | adult | meeting | office hotel school | s | with a
开 open        | person | door | classroom kitchen office | - | the
开 turn_on     | person | lamp television computer | home office classroom | - | the
关 close       | person | door | classroom kitchen office | - | the
关 turn_off    | person | lamp television computer | home office classroom | - | the
骑 ride        | person | bicycle horse | park farm | a | can one
洗 wash        | adult | clothes cup car pairs | home garden | s | use
做 make        | adult | cake sandwich dumpling chair toy | home kitchen | s | can with new rel
做 do          | person | homework | home library school | s | with
包 wrap        | adult | present | home shop office | s |
修 repair      | adult | machine vehicle lamp furniture | garage factory shop | s | can use done
找 look_for    | adult | small machine | park station office hotel home | - | one
找到 find      | adult | small worn machine | park station office garden garage | - | past rel one
丢 lose        | adult | key wallet umbrella phone ticket bag hat watch camera | station airport park hotel | - | past one done
用 use         | adult | machine dictionary map | library office home classroom | a | one done
带 bring       | adult | umbrella camera map present sandwich flower | - | - | rel few
穿 wear        | person | shirt coat jumper pairs | school office | a | one use done
戴 wear        | person | hat watch glasses | school office | a | one use done
等 wait_for    | person | transport | station airport hotel | - | the
问 ask         | person | question | school office classroom | s | new few
种 plant       | adult | flower tree | garden farm | s | can with new many
拍 take        | adult | photo | park zoo seaside museum | s | with new
拍 make        | adult | film | park university hotel seaside | s | with new few
睡觉 sleep     | person | - | home hotel garden station | s |
跑步 run       | person | - | park gym riverside seaside school | s | with
游泳 swim      | person | - | gym seaside hotel | s | can with
跳舞 dance     | person | - | park restaurant garden school | s | can with
唱歌 sing      | person | - | park home garden restaurant | s | can with
哭 cry         | person | - | hospital airport classroom | - | sudden
笑 laugh       | person | - | cinema classroom garden | - | sudden
休息 rest      | person | - | home garden hotel park | s |
工作 work      | adult | - | hospital school factory office bank hotel farm | s | with
散步 walk      | adult | - | park riverside seaside garden | s | with
吃饭 eat       | person | - | restaurant home hotel | s | with
做饭 cook      | adult | - | home kitchen restaurant | s | can with
开车 drive     | adult | - | - | s | can habit
"""
# ── Adjectives: Chinese (+ = stands before the noun without 的), English | what it fits ─────────
ADJECTIVES = """
高 tall        | person tree
高 high        | mountain bridge
矮 short       | person tree
老 old         | person animal tree
年轻 young     | person
聪明 clever    | person pet monkey
友好 friendly  | person dog
有名 famous    | adult film novel poem song picture
强壮 strong    | person horse bear tiger elephant
勇敢 brave     | person
漂亮 beautiful | clothes flower garden bag present photo picture hat watch
新 new         | +machine clothes book dictionary vehicle furniture bag house hat watch pairs lamp
旧 old         | +machine clothes book dictionary magazine vehicle furniture bag house hat watch pairs
大 big         | +box bag animal furniture house room fruit tree fish cake ball present park zoo door lake
小 small       | +box bag animal furniture house room fruit tree fish cake ball present park zoo door lake
长 long        | +river bridge road skirt letter story film coat programme novel
短 short       | +letter story film skirt programme poem
好 good        | +book film song restaurant story novel idea match hotel café
红 red         | +door clothes bag flower hat car bicycle umbrella ball cup
蓝 blue        | +clothes bag hat car bicycle umbrella cup
白 white       | +door clothes bag hat car cat rabbit cup dog
黑 black       | +clothes bag hat car cat umbrella dog
黄 yellow      | +flower umbrella bag hat ball cup skirt
贵 expensive   | machine clothes vehicle furniture watch bag restaurant hotel pairs glasses
便宜 cheap     | machine clothes vehicle furniture watch bag restaurant hotel pairs hat
重 heavy       | box bag furniture dictionary computer
轻 light       | box bag furniture camera computer
舒服 comfortable | furniture clothes pairs hotel car
有用 useful    | machine dictionary map book knife
有趣 interesting | book magazine novel story film match show programme museum
无聊 boring    | book magazine novel story film match show programme meeting
难 difficult   | question language subject homework
容易 easy      | question language subject homework
好吃 tasty     | food soup
甜 sweet       | apple orange watermelon strawberry cake biscuit juice
酸 sour        | apple orange strawberry juice
新鲜 fresh     | fruit bread milk flower juice meat
热 hot         | hot soup noodles milk
冷 cold        | hot soup milk beer kitchen classroom
干净 clean     | clothes cup house restaurant hotel kitchen
脏 dirty       | clothes cup house kitchen hat pairs
安静 quiet     | library park street café hotel garden
吵 noisy       | street market restaurant station airport classroom
热闹 lively    | market street park
宽 wide        | street road river bridge
窄 narrow      | road street bridge
深 deep        | river lake
快 fast        | bus train car horse computer
慢 slow        | bus train car computer
厚 thick       | book dictionary novel coat jumper
危险 dangerous | tiger bear knife road
"""
# ── Spelling ───────────────────────────────────────────────────────────────────────────────────
PLURALS = {
    "child": "children", "policeman": "policemen", "knife": "knives", "sheep": "sheep",
    "fish": "fish", "goose": "geese", "person": "people",
}  # fmt: skip
PAST = {  # past, participle
    "read": "read read", "see": "saw seen", "eat": "ate eaten", "drink": "drank drunk",
    "buy": "bought bought", "sell": "sold sold", "write": "wrote written", "sing": "sang sung",
    "study": "studied studied", "speak": "spoke spoken", "teach": "taught taught",
    "make": "made made", "drive": "drove driven", "hold": "held held", "ride": "rode ridden",
    "do": "did done", "wrap": "wrapped wrapped", "find": "found found", "lose": "lost lost",
    "bring": "brought brought", "wear": "wore worn", "steal": "stole stolen",
    "take": "took taken", "sleep": "slept slept", "run": "ran run",
    "swim": "swam swum", "cry": "cried cried", "go": "went gone", "put": "put put",
    "give": "gave given", "lend": "lent lent", "come": "came come", "break": "broke broken",
    "catch": "caught caught", "fly": "flew flown", "spend": "spent spent", "know": "knew known",
    "tell": "told told", "meet": "met met", "have": "had had", "think": "thought thought",
    "hear": "heard heard", "say": "said said",
}  # fmt: skip
DOUBLED = {"run", "swim", "wrap", "put", "sit", "shop"}  # running, wrapped
LONG_ADJECTIVES = {
    "famous", "beautiful", "expensive", "comfortable", "useful", "interesting", "boring",
    "difficult", "dangerous", "tired", "nervous", "slippery",
}  # fmt: skip
SAID_WITH_Y = {"useful", "university"}  # a useful book, though u is a vowel


def plural(noun: str) -> str:
    """book → books, box → boxes, child → children; "phone call" → "phone calls"."""
    if noun in PLURALS:
        return PLURALS[noun]
    if noun[-1] == "y" and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def forms(verb: str) -> dict[str, str]:
    """The forms of a verb: base, third (he reads), past, done (has read), ing. Particles stay
    behind: look for → looked for."""
    word, _, particle = verb.partition(" ")
    stem = word[:-1] if word[-1] == "e" and word != "see" else word + word[-1] * (word in DOUBLED)
    past, done = PAST.get(word, f"{stem}ed {stem}ed").split()
    third = {"do": "does", "have": "has", "go": "goes"}.get(word) or plural(word)
    found = {"base": word, "third": third, "past": past, "done": done, "ing": stem + "ing"}
    return {name: f"{form} {particle}".strip() for name, form in found.items()}


def comparative(adjective: str) -> tuple[str, str]:
    """tall → taller, tallest; useful → more useful, most useful."""
    if adjective in LONG_ADJECTIVES:
        return f"more {adjective}", f"most {adjective}"
    if adjective == "good":
        return "better", "best"
    stem = adjective.rstrip("e")
    if adjective.endswith("y"):
        stem = adjective[:-1] + "i"
    elif adjective in ("big", "hot", "sad", "red"):
        stem += adjective[-1]
    return stem + "er", stem + "est"


# ── Reading the tables ─────────────────────────────────────────────────────────────────────────
def rows(table: str) -> list[list[str]]:
    """Entries between bars or line ends, as lists of words; _ stands for a space in the English."""
    entries = [entry.split() for entry in table.replace("\n", "|").split("|")]
    return [[word.replace("_", " ") for word in entry] for entry in entries if entry]


def lines(table: str) -> list[list[str]]:
    """The columns of every line of a table."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().split("\n")]


def read_nouns() -> dict[str, tuple[Noun, ...]]:
    """The nouns of every group, and under its own English name every single noun."""
    found = {}
    for group, table in COUNTED.items():
        found[group] = [Noun(*row, "", "count", group) for row in rows(table)]
    for group, table in MEASURED.items():
        found[group] = []
        for chinese, english, measure in rows(table):
            kind = "plural" if english[0] == "+" else "mass"
            noun = Noun(chinese, english.lstrip("+"), *measure.split(":"), kind, group)
            found[group].append(noun)
    for group, table in BARE.items():
        found[group] = [Noun(*row, "", "", "name", group) for row in rows(table)]
    for noun in [noun for nouns in found.values() for noun in nouns]:
        if noun.english not in found:
            found[noun.english] = [noun]
    for group, parts in GROUPS.items():
        found[group] = [noun for part in parts.split() for noun in found[part]]
    return {name: tuple(dict.fromkeys(nouns)) for name, nouns in found.items()}


def read_verbs() -> tuple[Verb, ...]:
    found = []
    for words, subject, objects, places, generic, tags in lines(VERBS):
        chinese, english = words.split()
        named = objects.replace("-", "").split()
        nouns = tuple(noun for name in named for noun in NOUNS[name.replace("_", " ")])
        where = tuple(places.replace("-", "").split())
        english = english.replace("_", " ")
        found.append(
            Verb(chinese, english, subject, nouns, where, generic, frozenset(tags.split()))
        )
    return tuple(found)


def read_adjectives() -> tuple[Adjective, ...]:
    found = []
    for words, fits in lines(ADJECTIVES):
        names = fits.lstrip("+").split()
        found.append(Adjective(*words.split(), tuple(names), fits[0] == "+"))
    return tuple(found)


NOUNS = read_nouns()
ALL_VERBS = read_verbs()
ALL_ADJECTIVES = read_adjectives()
