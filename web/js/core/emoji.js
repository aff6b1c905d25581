// The emoji that can be written as a name between colons, in groups. Pure. Loaded with import() when needed:
// most users never need this table.

const TABLE = `
@ faces
grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 rofl 🤣 joy 😂 slightly_smiling_face 🙂
upside_down_face 🙃 wink 😉 blush 😊 innocent 😇 smiling_face_with_three_hearts 🥰 heart_eyes 😍 star_struck 🤩
kissing_heart 😘 relaxed ☺️ yum 😋 stuck_out_tongue 😛 stuck_out_tongue_winking_eye 😜 zany_face 🤪 hugs 🤗
hand_over_mouth 🤭 shushing_face 🤫 thinking 🤔 zipper_mouth_face 🤐 raised_eyebrow 🤨 neutral_face 😐
expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 roll_eyes 🙄 grimacing 😬 relieved 😌 pensive 😔 sleepy 😪
sleeping 😴 mask 😷 nauseated_face 🤢 sneezing_face 🤧 hot_face 🥵 cold_face 🥶 dizzy_face 😵 exploding_head 🤯
cowboy_hat_face 🤠 partying_face 🥳 sunglasses 😎 nerd_face 🤓 monocle_face 🧐 confused 😕 worried 😟
slightly_frowning_face 🙁 open_mouth 😮 astonished 😲 flushed 😳 pleading_face 🥺 fearful 😨 cold_sweat 😰 cry 😢
sob 😭 scream 😱 disappointed 😞 sweat 😓 weary 😩 tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠
smiling_imp 😈 skull 💀 poop 💩 clown_face 🤡 ghost 👻 alien 👽 robot 🤖 smiley_cat 😺 see_no_evil 🙈
hear_no_evil 🙉 speak_no_evil 🙊
@ people
wave 👋 raised_hand ✋ vulcan_salute 🖖 ok_hand 👌 pinched_fingers 🤌 v ✌️
crossed_fingers 🤞 metal 🤘 call_me_hand 🤙 point_left 👈 point_right 👉 point_up 👆 point_down 👇 +1 👍
thumbsup 👍 -1 👎 thumbsdown 👎 fist ✊ punch 👊 clap 👏 raised_hands 🙌 open_hands 👐 handshake 🤝 pray 🙏
writing_hand ✍️ muscle 💪 ear 👂 eyes 👀 brain 🧠 baby 👶 facepalm 🤦 shrug 🤷 salute 🫡 melting_face 🫠
technologist 🧑‍💻 detective 🕵️ ninja 🥷 superhero 🦸 mage 🧙 zombie 🧟 dancer 💃 runner 🏃 walking 🚶 family 👪
footprints 👣
@ nature
dog 🐶 cat 🐱 mouse 🐭 hamster 🐹 rabbit 🐰 fox_face 🦊 bear 🐻 panda_face 🐼 koala 🐨 tiger 🐯
lion 🦁 cow 🐮 pig 🐷 frog 🐸 monkey_face 🐵 chicken 🐔 penguin 🐧 bird 🐦 hatching_chick 🐣 duck 🦆 eagle 🦅
owl 🦉 wolf 🐺 horse 🐴 unicorn 🦄 bee 🐝 bug 🐛 butterfly 🦋 snail 🐌 ant 🐜 spider 🕷️ turtle 🐢 snake 🐍
octopus 🐙 crab 🦀 fish 🐟 dolphin 🐬 whale 🐳 shark 🦈 elephant 🐘 sloth 🦥 hedgehog 🦔 dragon 🐉 t-rex 🦖
cactus 🌵 christmas_tree 🎄 evergreen_tree 🌲 palm_tree 🌴 seedling 🌱 herb 🌿 four_leaf_clover 🍀 leaves 🍃
maple_leaf 🍁 mushroom 🍄 bouquet 💐 tulip 🌷 rose 🌹 sunflower 🌻 cherry_blossom 🌸 earth_africa 🌍 full_moon 🌕
crescent_moon 🌙 sunny ☀️ star ⭐ star2 🌟 sparkles ✨ zap ⚡ comet ☄️ boom 💥 fire 🔥 tornado 🌪️ rainbow 🌈
cloud ☁️ snowflake ❄️ snowman ⛄ umbrella ☔ droplet 💧 ocean 🌊
@ food
apple 🍎 pear 🍐 tangerine 🍊 lemon 🍋
banana 🍌 watermelon 🍉 grapes 🍇 strawberry 🍓 cherries 🍒 peach 🍑 pineapple 🍍 avocado 🥑 tomato 🍅 carrot 🥕
corn 🌽 hot_pepper 🌶️ bread 🍞 croissant 🥐 cheese 🧀 egg 🥚 bacon 🥓 pancakes 🥞 hamburger 🍔 fries 🍟 pizza 🍕
taco 🌮 burrito 🌯 salad 🥗 ramen 🍜 sushi 🍣 dumpling 🥟 rice 🍚 icecream 🍦 doughnut 🍩 cookie 🍪 birthday 🎂
cake 🍰 chocolate_bar 🍫 candy 🍬 popcorn 🍿 honey_pot 🍯 coffee ☕ tea 🍵 beer 🍺 beers 🍻 wine_glass 🍷
cocktail 🍸 champagne 🍾
@ activities
soccer ⚽ basketball 🏀 tennis 🎾 trophy 🏆 medal_sports 🏅 1st_place_medal 🥇 dart 🎯
video_game 🎮 game_die 🎲 chess_pawn ♟️ jigsaw 🧩 art 🎨 guitar 🎸 drum 🥁 violin 🎻 microphone 🎤 headphones 🎧
musical_note 🎵 notes 🎶 movie_camera 🎥 clapper 🎬
@ travel
car 🚗 taxi 🚕 bus 🚌 ambulance 🚑 fire_engine 🚒 tractor 🚜
bike 🚲 train 🚆 airplane ✈️ rocket 🚀 flying_saucer 🛸 ship 🚢 sailboat ⛵ anchor ⚓ construction 🚧
traffic_light 🚥 house 🏠 office 🏢 hospital 🏥 school 🏫 tent ⛺ mountain ⛰️ beach_umbrella 🏖️
@ objects
watch ⌚
iphone 📱 computer 💻 keyboard ⌨️ desktop_computer 🖥️ printer 🖨️ floppy_disk 💾 camera 📷 tv 📺 radio 📻
telephone ☎️ battery 🔋 electric_plug 🔌 bulb 💡 flashlight 🔦 candle 🕯️ moneybag 💰 credit_card 💳 gem 💎
wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ link 🔗 magnet 🧲 test_tube 🧪 microscope 🔬 telescope 🔭
satellite 📡 pill 💊 door 🚪 bed 🛏️ broom 🧹 gift 🎁 balloon 🎈 tada 🎉 confetti_ball 🎊 envelope ✉️ email 📧
inbox_tray 📥 outbox_tray 📤 package 📦 mailbox 📫 scroll 📜 page_facing_up 📄 newspaper 📰 bookmark 🔖 books 📚
book 📖 notebook 📓 pencil ✏️ pencil2 ✏️ memo 📝 clipboard 📋 calendar 📅 chart_with_upwards_trend 📈
chart_with_downwards_trend 📉 bar_chart 📊 pushpin 📌 paperclip 📎 scissors ✂️ wastebasket 🗑️ lock 🔒 unlock 🔓
key 🔑 mag 🔍 bell 🔔 no_bell 🔕 loudspeaker 📢 mega 📣 speech_balloon 💬 thought_balloon 💭 hourglass ⌛
alarm_clock ⏰ stopwatch ⏱️
@ symbols
heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙
purple_heart 💜 black_heart 🖤 white_heart 🤍 broken_heart 💔 two_hearts 💕 sparkling_heart 💖 100 💯 anger 💢
dizzy 💫 sweat_drops 💦 dash 💨 zzz 💤 warning ⚠️ no_entry ⛔ no_entry_sign 🚫 recycle ♻️ white_check_mark ✅
heavy_check_mark ✔️ x ❌ question ❓ exclamation ❗ bangbang ‼️ heavy_plus_sign ➕ heavy_minus_sign ➖
arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrows_counterclockwise 🔄 infinity ♾️ new 🆕 ok 🆗
cool 🆒 sos 🆘 red_circle 🔴 orange_circle 🟠 yellow_circle 🟡 green_circle 🟢 large_blue_circle 🔵
checkered_flag 🏁 triangular_flag_on_post 🚩 rainbow_flag 🏳️‍🌈 pirate_flag 🏴‍☠️
`;

/** The groups of emoji: [{ group, pairs }], each pair a name and its character. */
export const EMOJI_GROUPS = TABLE.split("@ ").slice(1).map((part) => {
  const [group] = part.split("\n", 1);
  return { group, pairs: [...part.slice(group.length).matchAll(/(\S+) (\S+)\s/g)].map(([, name, char]) => /** @type {[string, string]} */ ([name, char])) };
});

/** Characters by name. */
export const EMOJI = new Map(EMOJI_GROUPS.flatMap(({ pairs }) => pairs));

/** `text` with each name between colons replaced by its character; unknown names stay. */
export function emojify(text) {
  return text.replace(/(?<![\p{L}\p{N}:]):([a-z0-9_+-]{1,40}):(?![\p{L}\p{N}:])/gu, (whole, name) => EMOJI.get(name) ?? whole);
}
